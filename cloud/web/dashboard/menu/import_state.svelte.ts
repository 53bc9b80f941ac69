/** A menu's way in from a file: chosen, read and compared, then published or refused; never half. */

import { told } from "$web/language.svelte";
import { HqFault, type Sentence } from "../hq";
import { w } from "../words";
import { formatOf, importMenu, type Format, type Imported } from "./menu";

/** Enough of a file to see what it is. */
const START_BYTES = 20_000;

export class MenuImport {
  file = $state.raw<File | null>(null);
  format = $state<Format>("csv");
  /** Language of plain names; empty: the first of the menu in force. */
  language = $state("");
  /** What the file would change. */
  shown = $state.raw<Imported | null>(null);
  /** What it has changed. */
  done = $state.raw<Imported | null>(null);
  trouble = $state("");
  faults = $state.raw<readonly Sentence[]>([]);
  /** Somebody else published since the file was compared. */
  overtaken = $state(false);
  busy = $state(false);
  #asked = 0;

  async choose(file: File): Promise<void> {
    this.again();
    this.file = file;
    const start = await file.slice(0, START_BYTES).text().catch(() => "");
    this.format = formatOf(file.name, start);
    await this.read();
  }

  /** Read it (again): in another format or language, or because the menu in force is another by now. */
  async read(): Promise<void> {
    if (!this.file) return;
    const asked = ++this.#asked;
    this.#clear();
    this.busy = true;
    try {
      const shown = await importMenu(this.format, this.file, { language: this.language });
      if (asked === this.#asked) this.shown = shown;
    } catch (error) {
      if (asked === this.#asked) this.#failed(error);
    }
    if (asked === this.#asked) this.busy = false;
  }

  async publish(): Promise<void> {
    if (!this.file || !this.shown || this.busy) return;
    const asked = ++this.#asked;
    this.busy = true;
    this.trouble = "";
    const { version } = this.shown;
    try {
      this.done = await importMenu(this.format, this.file, { language: this.language, publish: true, replaces: version });
    } catch (error) {
      this.#failed(error);
    }
    if (asked === this.#asked) this.busy = false;
  }

  /** Start over with another file. */
  again(): void {
    this.#asked += 1;
    this.file = null;
    this.done = null;
    this.busy = false;
    this.#clear();
  }

  #clear(): void {
    this.shown = null;
    this.faults = [];
    this.trouble = "";
    this.overtaken = false;
  }

  #failed(error: unknown): void {
    // A file that was changed or moved after it was chosen cannot be read any more.
    if (!(error instanceof HqFault)) throw error;
    this.faults = error.faults;
    this.overtaken = error.code === "menu_changed";
    this.trouble = error.sentence ? told(error.sentence) : w.unreachable;
  }
}
