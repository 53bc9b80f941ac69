/** Which format a file is in, which dish a picture is of, and how changes are sorted out. */

import { expect, test } from "vitest";
import { grouped, manyGone, parted } from "./changes";
import { dishOf, formatOf, isOurs, pictureIn, type Change, type ChangeKind } from "./menu";

test.each([
  ["menu.csv", "plu,category,item,price\n", "csv"],
  ["menu.txt", "plu;category\n", "csv"],
  ["catalogue.json", '{"objects": [{"type": "ITEM"}]}', "square"],
  ["edits.jsonl", '{"at": 1}', "square"],
  ["somtum.json", '{"vendor": {"name": "Somtum"}, "items": []}', "platform"],
  ["download", '  [{"type": "ITEM"}]', "square"],
])("%s is read as what it is", (name, start, format) => {
  expect(formatOf(name, start)).toBe(format);
});

const DISHES: Parameters<typeof dishOf>[1] = [
  { id: "kopi-susu", plus: ["104", "105"], names: { id: "Kopi Susu", en: "Milk Coffee" } },
  { id: "creme", plus: ["501"], names: { id: "Crème Brûlée" } },
  { id: "air", plus: ["601"], names: { id: "Air Mineral" } },
  { id: "air-2", plus: ["602"], names: { id: "Air Mineral" } },
];

test.each([
  ["104.png", "kopi-susu"],
  ["Kopi Susu.jpg", "kopi-susu"],
  ["milk_coffee (2).jpeg", "kopi-susu"],
  ["kopi-susu-3.webp", "kopi-susu"],
  ["creme brulee.jpg", "creme"],
  ["Air Mineral.jpg", null],
  ["602.jpg", "air-2"],
  ["IMG_2041.jpg", null],
  ["10.jpg", null],
  [".jpg", null],
])("%s is a picture of %s", (file, dish) => {
  expect(dishOf(file, DISHES)).toBe(dish);
});

test("a picture of ours comes in other widths, one from elsewhere stays", () => {
  const photo = `/pictures/${"0f".repeat(16)}-640.webp`;
  expect([isOurs(photo), pictureIn(photo, 160)]).toEqual([true, photo.replace("640", "160")]);
  expect([isOurs("https://elsewhere/x.jpg"), isOurs(null)]).toEqual([false, false]);
  expect(pictureIn("https://elsewhere/x.jpg", 160)).toBe("https://elsewhere/x.jpg");
});

function change(kind: ChangeKind, more: Partial<Change> = {}): Change {
  return { kind, names: {}, was_names: {}, plu: "", price: null, was: null, field: "", rule: null, was_rule: null, options: [], doubt: false, ...more };
}

test("prices come first, and doubtful ones first among them", () => {
  const all = grouped([change("new"), change("price"), change("price", { doubt: true }), change("withheld"), change("offered")]);
  expect(all.map((each) => each.group)).toEqual(["price", "new", "offer"]);
  expect(all[0]!.changes.map((each) => each.doubt)).toEqual([true, false]);
  expect(all[2]!.changes).toHaveLength(2);
});

test("a file without a third of what is sold is a reason to look again", () => {
  const gone = Array.from({ length: 4 }, () => change("removed"));
  expect(manyGone(gone, 10)).toBe(4);
  expect(manyGone(gone, 12)).toBe(0);
  expect(manyGone([change("removed")], 2)).toBe(0);
});

test("a finding says where, and what", () => {
  expect(parted("row 5: plu '104' is in row 3 already: each once")).toEqual(["row 5", "plu '104' is in row 3 already: each once"]);
  expect(parted("all of it")).toEqual(["", "all of it"]);
});
