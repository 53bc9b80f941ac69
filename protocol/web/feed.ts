/** The live feed: a snapshot, then changes; when in doubt it starts over, which is the same thing. */

const STALE_AFTER_MS = 10_000;
/** A browser gives a box six lines in all, so a page nobody looks at lets go of its own. */
const HIDDEN_MS = 60_000;
const PAUSE_MS = { first: 500, most: 8_000 };

export interface FeedListener {
  /** A message of the feed (snapshot, change, heartbeat), in order. */
  message(kind: FeedKind, message: unknown): void;
  /** Contact was lost (with the time of the last message) or found again. */
  contact(alive: boolean): void;
}

export type FeedKind = "snapshot" | "change" | "heartbeat";
const KINDS: FeedKind[] = ["snapshot", "change", "heartbeat"];

/** Follows `/api/feed` until closed; silence of ten seconds counts as loss. */
export class Feed {
  #source: EventSource | null = null;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = PAUSE_MS.first;

  constructor(
    private readonly url: string,
    private readonly listener: FeedListener,
  ) {}

  open(): void {
    document.addEventListener("visibilitychange", this.#looked);
    this.#connect();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#looked);
    clearTimeout(this.#hidden);
    clearTimeout(this.#retry);
    this.#stop();
  }

  #connect(): void {
    this.#stop();
    const source = new EventSource(this.url);
    this.#source = source;
    this.#listenForSilence();
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => this.#heard(kind, event));
    }
    // The browser would resume by itself; starting over with a fresh snapshot is always right.
    source.onerror = () => this.#startOver();
  }

  #looked = (): void => {
    clearTimeout(this.#hidden);
    if (document.hidden) {
      this.#hidden = setTimeout(() => {
        clearTimeout(this.#retry);
        this.#stop();
      }, HIDDEN_MS);
    } else if (this.#source === null) {
      clearTimeout(this.#retry);
      this.#connect();
    }
  };

  #heard(kind: FeedKind, event: MessageEvent<string>): void {
    this.#pauseMs = PAUSE_MS.first;
    this.#listenForSilence();
    this.listener.contact(true);
    this.listener.message(kind, JSON.parse(event.data));
  }

  #listenForSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#startOver(), STALE_AFTER_MS);
  }

  #startOver(): void {
    this.#stop();
    this.listener.contact(false);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), this.#pauseMs * (0.5 + Math.random() / 2));
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS.most);
  }

  #stop(): void {
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = null;
  }
}
