/** Menus from files, and dishes with their pictures, as HQ's API tells them. */

import { ask } from "../hq";

export type Format = "csv" | "square" | "platform";
export const FORMATS: readonly Format[] = ["csv", "square", "platform"];

export type ChangeKind =
  | "new"
  | "removed"
  | "price"
  | "offered"
  | "withheld"
  | "renamed"
  | "field"
  | "group_new"
  | "group_removed"
  | "group_rule"
  | "group_options"
  | "other";
type Names = Record<string, string>;

/** One thing that guests or kitchen notice of a new menu; see protocol/importing/changes.py. */
export interface Change {
  kind: ChangeKind;
  names: Names;
  was_names: Names;
  plu: string;
  price: number | null;
  was: number | null;
  field: string;
  rule: [least: number, most: number] | null;
  was_rule: [least: number, most: number] | null;
  options: [names: Names, price: number][];
  doubt: boolean;
}

/** What a file holds, and what it changes or has changed. */
export interface Imported {
  format: Format;
  published: boolean;
  unchanged: boolean;
  /** Of the menu in force; 0 while there is none. */
  version: number;
  items: number;
  variants: number;
  modifier_groups: number;
  changed: Change[];
  notes: string[];
  notes_id: string[];
}

export interface Product {
  item_id: string;
  category_id: string;
  names: Names;
  descriptions: Names;
  photo: string | null;
  written: { field: string; value: string; who: string; at_ms: number; outlet_name: string | null }[];
}

/** Uploads may be large and lines slow. */
const UPLOAD_MS = 180_000;
export const EXPORT = "/api/menus/export";

export function importMenu(
  format: Format,
  file: Blob,
  asked: { language?: string; publish?: boolean; replaces?: number } = {},
): Promise<Imported> {
  const fields = new URLSearchParams({ format });
  if (asked.language) fields.set("language", asked.language);
  if (asked.publish) fields.set("publish", "true");
  if (asked.replaces !== undefined) fields.set("replaces", String(asked.replaces));
  return upload(`/api/menus/import?${fields}`, "POST", file);
}

export const getProducts = (): Promise<{ products: Product[] }> => ask("/api/products");
export const putPicture = (itemId: string, file: Blob): Promise<{ photo: string }> =>
  upload(`/api/pictures/${encodeURIComponent(itemId)}`, "PUT", file);
export const removePicture = (itemId: string): Promise<Product> =>
  ask(`/api/pictures/${encodeURIComponent(itemId)}`, { method: "DELETE" });

function upload<T>(path: string, method: string, body: Blob): Promise<T> {
  const headers = { Accept: "application/json", "Content-Type": "application/octet-stream" };
  return ask(path, { method, body, headers }, UPLOAD_MS);
}

/** What a file seems to be, by its name and its first words; people may say otherwise. */
export function formatOf(name: string, start: string): Format {
  if (!/\.(json|jsonl|ndjson)$/i.test(name) && !/^\s*[[{]/.test(start)) return "csv";
  return /"(topping_groups|vendor)"/.test(start) ? "platform" : "square";
}

/** A picture in another of the widths there are; one from elsewhere stays as it is. */
export function pictureIn(photo: string, width: 160 | 320 | 640 | 1080): string {
  return photo.replace(/^(\/pictures\/[0-9a-f]{32})-\d+(\.webp)$/, `$1-${width}$2`);
}

/** Whether HQ has the picture itself, and can show it here. */
export const isOurs = (photo: string | null): photo is string => /^\/pictures\/[0-9a-f]{32}-\d+\.webp$/.test(photo ?? "");

/**
 * Which dish a picture's file is of: its name is a PLU, an id, or what the dish is called in one of
 * the languages, alone or before a number (`kopi-susu.jpg`, `104.png`, `Kopi Susu (2).jpeg`).
 */
export function dishOf(fileName: string, dishes: readonly { id: string; plus: readonly string[]; names: Names }[]): string | null {
  const bare = fileName.replace(/\.[^.]+$/, "");
  const wanted = plain(bare);
  const unnumbered = plain(bare.replace(/[\s_-]*\(?\d+\)?$/, ""));
  const called = (name: string) =>
    dishes.filter((dish) => dish.plus.includes(name) || plain(dish.id) === name || Object.values(dish.names).some((each) => plain(each) === name));
  for (const name of [wanted, unnumbered]) {
    const found = name ? called(name) : [];
    if (found.length === 1) return found[0]!.id;
  }
  return null;
}

function plain(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
