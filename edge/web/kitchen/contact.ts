/** Whether the box is there: told from its heartbeats, and never from what was said some time ago. */

import type { BoxStatus } from "$web/wire";

/** Two beats of three seconds and half a third: a display says within ten seconds that it is blind. */
export const STALE_AFTER_MS = 8_500;
/** How old a retained beat may be, by the box's clock, to count as heard now. */
const FRESH_MS = 4_000;

export interface Contact {
  /** This display's wall and running clock when the box was last heard. */
  heardWallMs: number;
  heardRunMs: number;
  /** The box's wall clock minus this display's: ages are told by the box's time. */
  offsetMs: number | null;
  online: boolean | null;
  boot: string;
}

export interface Moment {
  wallMs: number;
  /** A clock that nobody sets. */
  runMs: number;
}

/** A display that begins has not been deaf yet. */
export function beginning(at: Moment): Contact {
  return { heardWallMs: at.wallMs, heardRunMs: at.runMs, offsetMs: null, online: null, boot: "" };
}

/** Fold a beat in. One that the broker retained counts only if it is fresh by the box's own clock. */
export function beaten(before: Contact, status: BoxStatus, retained: boolean, at: Moment): Contact {
  if (!status.online) return { ...before, online: false };
  const offset = status.at_ms ? status.at_ms - at.wallMs : before.offsetMs;
  const after = { ...before, online: true, boot: status.boot };
  if (!retained) return { ...after, offsetMs: offset, heardWallMs: at.wallMs, heardRunMs: at.runMs };
  if (before.offsetMs === null) return { ...after, offsetMs: offset };
  const fresh = Math.abs(at.wallMs + before.offsetMs - status.at_ms) < FRESH_MS;
  return fresh ? { ...after, heardWallMs: at.wallMs, heardRunMs: at.runMs } : after;
}

/** Blind: the broker says the box is gone, or it was silent too long by either clock. */
export function isStale(contact: Contact, at: Moment): boolean {
  const silent = Math.max(at.runMs - contact.heardRunMs, at.wallMs - contact.heardWallMs);
  return contact.online === false || silent > STALE_AFTER_MS;
}
