/** Which till this counter's cash goes into, and how the tills of the outlet stand. */

const TILL = "kedai.counter.till";

export class TillsState {
  /** The till of this counter; null: it takes cash into none. */
  tillId = $state<string | null>(remembered());

  choose(tillId: string | null): void {
    this.tillId = tillId;
    try {
      if (tillId) localStorage.setItem(TILL, tillId);
      else localStorage.removeItem(TILL);
    } catch {
      // Without storage it is chosen again after a reload.
    }
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(TILL);
  } catch {
    return null;
  }
}
