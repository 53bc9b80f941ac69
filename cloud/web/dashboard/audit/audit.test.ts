/** What deeds come to, by kind and by person. */

import { expect, test } from "vitest";
import { byKind, byPerson, type Tally } from "./audit";

const TALLIES: Tally[] = [
  { who: "Ayu", kind: "sign_in", times: 40, amount: 0 },
  { who: "Ayu", kind: "void", times: 2, amount: 50_000 },
  { who: "Budi", kind: "void", times: 1, amount: 10_000 },
  { who: "Budi", kind: "drawer", times: 9, amount: 0 },
  { who: "Sari", kind: "approval", times: 3, amount: 60_000 },
];

test("kinds to look at come first, whoever did them", () => {
  expect(byKind(TALLIES)).toEqual([
    { kind: "void", times: 3, amount: 60_000 },
    { kind: "drawer", times: 9, amount: 0 },
    { kind: "sign_in", times: 40, amount: 0 },
    { kind: "approval", times: 3, amount: 60_000 },
  ]);
});

test("people are listed by what left through their hands; approving and signing in is no such thing", () => {
  const people = byPerson(TALLIES);
  expect(people.map((each) => [each.who, each.times, each.amount])).toEqual([
    ["Ayu", 2, 50_000],
    ["Budi", 10, 10_000],
  ]);
  expect(people[1]!.kinds.map((each) => each.kind)).toEqual(["void", "drawer"]);
});
