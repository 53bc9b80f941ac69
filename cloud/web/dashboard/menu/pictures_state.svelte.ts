/** Dishes and their pictures: what HQ has, and pictures on their way there, one after another. */

import { named, told } from "$web/language.svelte";
import type { Menu } from "$web/wire";
import { HqFault } from "../hq";
import { w } from "../words";
import { dishOf, getProducts, putPicture, removePicture, type Product } from "./menu";
import { m } from "./words";

export interface Unplaced {
  file: string;
  why: string;
}

export class DishPictures {
  products = $state.raw<Product[] | null>(null);
  /** Dishes whose picture is on its way. */
  sending = $state.raw<ReadonlySet<string>>(new Set());
  progress = $state.raw<{ done: number; of: number } | null>(null);
  /** What the last thing done came to, in words. */
  said = $state("");
  trouble = $state("");
  unplaced = $state.raw<readonly Unplaced[]>([]);

  async load(): Promise<void> {
    try {
      this.products = (await getProducts()).products;
      this.trouble = "";
    } catch (error) {
      this.trouble = sentenceOf(error);
    }
  }

  async put(itemId: string, file: File): Promise<void> {
    this.#begin();
    const no = await this.#send(itemId, file);
    if (no) this.trouble = no;
    else this.said = m.onePlaced(this.nameOf(itemId));
  }

  /** Each file to the dish that it is named after; those of none are listed. */
  async putSeveral(files: readonly File[], menu: Menu | null): Promise<void> {
    if (this.progress) return;
    this.#begin();
    const plus = new Map((menu?.items ?? []).map((item) => [item.id as string, item.variants.map((v) => v.plu)]));
    const dishes = (this.products ?? []).map((p) => ({ id: p.item_id, plus: plus.get(p.item_id) ?? [], names: p.names }));
    const unplaced: Unplaced[] = [];
    let placed = 0;
    for (const [done, file] of files.entries()) {
      this.progress = { done, of: files.length };
      const itemId = dishOf(file.name, dishes);
      const why = itemId ? await this.#send(itemId, file) : m.noDish;
      if (why) unplaced.push({ file: file.name, why });
      else placed += 1;
    }
    this.progress = null;
    this.unplaced = unplaced;
    if (placed > 0) this.said = m.placed(placed);
  }

  async remove(itemId: string): Promise<void> {
    this.#begin();
    try {
      this.#take(await removePicture(itemId));
      this.said = m.oneRemoved(this.nameOf(itemId));
    } catch (error) {
      this.trouble = sentenceOf(error);
    }
  }

  nameOf(itemId: string): string {
    const found = this.products?.find((product) => product.item_id === itemId);
    return found ? named(found.names) || itemId : itemId;
  }

  #begin(): void {
    this.said = "";
    this.trouble = "";
    this.unplaced = [];
  }

  /** Why it was not taken; empty when it was. */
  async #send(itemId: string, file: File): Promise<string> {
    this.sending = new Set([...this.sending, itemId]);
    try {
      const { photo } = await putPicture(itemId, file);
      const found = this.products?.find((product) => product.item_id === itemId);
      if (found) this.#take({ ...found, photo });
      return "";
    } catch (error) {
      return sentenceOf(error);
    } finally {
      this.sending = new Set([...this.sending].filter((id) => id !== itemId));
    }
  }

  #take(changed: Product): void {
    this.products = (this.products ?? []).map((p) => (p.item_id === changed.item_id ? changed : p));
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof HqFault)) throw error;
  return error.sentence ? told(error.sentence) : w.unreachable;
}
