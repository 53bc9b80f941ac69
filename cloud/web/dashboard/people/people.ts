/** People at HQ, as the API tells them. */

import type { May, Role } from "$web/wire";
import { ask } from "../hq";

export interface Person {
  staff_id: string;
  name: string;
  role: Role;
  /** Where they work; empty: at every outlet. */
  outlets: string[];
  language: string;
  also: May[];
  active: boolean;
  has_pin: boolean;
}
export type PersonWish = Partial<Pick<Person, "name" | "role" | "outlets" | "language" | "active">>;

export const ROLES: readonly Role[] = ["owner", "admin", "manager", "cashier", "kitchen"];
const RUNS = ["01234567890", "09876543210"];

/** Whether HQ will take it: the rule of `protocol/sign_in.py`. */
export function fitsAsPin(pin: string): boolean {
  return /^\d{4,6}$/.test(pin) && new Set(pin).size > 1 && !RUNS.some((run) => run.includes(pin));
}

const send = (path: string, method: string, body: object): Promise<Person> =>
  ask(`/api/people${path}`, { method, body: JSON.stringify(body) });

export const getPeople = (): Promise<{ people: Person[] }> => ask("/api/people");
export const addPerson = (wish: PersonWish, pin: string): Promise<Person> => send("", "POST", { ...wish, pin });
export const changePerson = (id: string, wish: PersonWish): Promise<Person> => send(`/${id}`, "PATCH", wish);
export const deactivatePerson = (id: string): Promise<Person> => send(`/${id}/deactivate`, "POST", {});
export const givePin = (id: string, pin: string): Promise<Person> => send(`/${id}/pin`, "POST", { pin });
