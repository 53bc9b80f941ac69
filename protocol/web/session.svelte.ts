/**
 * Who is signed in at this screen, and what they may. One per page.
 *
 * The box decides; a screen only shows what will be refused and asks for approval beforehand.
 */

import { Fault, getJson, tell, type Refused } from "./box";
import { keepSessionToken, sessionToken } from "./session_token";
import type { Given, May, PersonCard, Session, StaffHere } from "./wire";

const REMEMBERED = "kedai.staff";
/** Sessions that were ended here while the box was away: it is told when it is back. */
const UNTOLD = "kedai.signed_out";
const UNTOLD_MAX = 20;
/** Commands that are named when a session ends (`WAITING_MOST`); of more the box goes by their time. */
const WAITING_MOST = 2_000;
/** How soon a screen learns that somebody was added, deactivated or signed out elsewhere. */
const REFRESH_MS = 20_000;

/** What somebody is asked to approve. `what` is for the eyes only: "Void 1 × Nasi Goreng". */
export interface ApprovalWish {
  action: May;
  /** The order or the shift it is about. */
  subject: string;
  /** Minor units it comes to at most; null: whatever it comes to. */
  amount: number | null;
}

/** A session that ended here, with what waited under it: all that the box still takes of it. */
interface Ended {
  token: string;
  waiting: string[] | null;
}

export class StaffSession {
  /** Who is signed in here; null: nobody. */
  person = $state.raw<PersonCard | null>(null);
  begunMs = $state(0);
  /** Who works here and whether anybody has to sign in; null before the box said so. */
  staff = $state.raw<StaffHere | null>(recalled());
  screen = "";
  /** What the box last said about a command of nobody: the screen shows the sign-in at once. */
  asked = $state(false);
  /** Called after somebody signed in: what waited for that is sent now. */
  onSignIn: (() => void)[] = [];
  /** Which commands wait here under a session; the outbox knows. null: a page that has none says nothing. */
  waitingUnder: (token: string) => string[] | null = () => null;
  #untold = untold();
  #asking: ReturnType<typeof setInterval> | null = null;

  /** Whether somebody has to sign in before this screen can do anything. */
  get needed(): boolean {
    return this.person === null && ((this.staff?.sign_in ?? false) || this.asked);
  }

  /** Whether this can be done without asking anybody; where nobody signs in, everything can. */
  may(action: May): boolean {
    if (this.staff !== null && !this.staff.sign_in) return true;
    return this.person?.may.includes(action) ?? false;
  }

  /** People who may approve this, whoever is signed in. */
  approvers(action: May): PersonCard[] {
    return (this.staff?.people ?? []).filter((p) => p.may.includes(action));
  }

  /** What somebody is called; their id while the box has not said who works here. */
  nameOf(staffId: string | null | undefined): string {
    if (!staffId) return "";
    return this.staff?.people.find((p) => p.staff_id === staffId)?.name ?? staffId;
  }

  /** Begin to ask the box who works here, now and then again; `screen` is what this one is called. */
  open(screen: string): void {
    this.screen = screen;
    void this.refresh();
    this.#asking ??= setInterval(() => void this.refresh(), REFRESH_MS);
  }

  /** Ask the box who works here and who is signed in. Quiet when it cannot be reached. */
  async refresh(): Promise<void> {
    try {
      this.staff = await getJson<StaffHere>("/api/staff");
      await this.#tellEnded();
      remember(this.staff);
      const me = await getJson<Session | null>("/api/staff/me");
      if (me) this.#begin(me, sessionToken());
      else if (sessionToken()) this.#end();
      if (!this.staff.sign_in) this.asked = false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }

  /** Sign in, or switch to somebody else. Returns the refusal, if any; raises `Fault`. */
  async signIn(staffId: string, pin: string): Promise<Refused | null> {
    const answer = await tell<Session>("/api/staff/sign-in", {
      staff_id: staffId,
      pin,
      screen: this.screen,
      waiting: this.#waiting(sessionToken()),
    });
    if ("code" in answer) return answer;
    this.#begin(answer, answer.token);
    this.asked = false;
    for (const told of this.onSignIn) told();
    return null;
  }

  /** Sign out here at once, and at the box as soon as it hears of it. */
  async signOut(): Promise<void> {
    const gone = sessionToken();
    this.#end();
    if (!gone) return;
    this.#noteUntold([...this.#untold, { token: gone, waiting: this.#waiting(gone) }]);
    try {
      await this.#tellEnded();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }

  /** What was signed out of stays open at a box that has not heard: anybody here could go on in it. */
  async #tellEnded(): Promise<void> {
    for (const gone of this.#untold) {
      const told = { screen: this.screen, waiting: gone.waiting };
      await tell<object>("/api/staff/sign-out", told, gone.token);
      this.#noteUntold(this.#untold.filter((each) => each.token !== gone.token));
    }
  }

  #waiting(token: string): string[] | null {
    const ids = this.waitingUnder(token);
    return ids && ids.length <= WAITING_MOST ? ids : null;
  }

  #noteUntold(ended: Ended[]): void {
    this.#untold = ended.slice(-UNTOLD_MAX);
    try {
      localStorage.setItem(UNTOLD, JSON.stringify(this.#untold));
    } catch {
      // A screen without storage knows them until it is reloaded.
    }
  }

  /** Ask `staffId` to approve exactly this. Returns the approval or the refusal; raises `Fault`. */
  approve(staffId: string, pin: string, wish: ApprovalWish): Promise<Given | Refused> {
    const { action, subject, amount } = wish;
    return tell<Given>("/api/staff/approvals", {
      staff_id: staffId,
      pin,
      action,
      subject,
      amount,
      screen: this.screen,
    });
  }

  /** Choose another PIN. Returns the refusal, if any; raises `Fault`. */
  async changePin(staffId: string, pin: string, newPin: string): Promise<Refused | null> {
    const answer = await tell<object>("/api/staff/pin", { staff_id: staffId, pin, new_pin: newPin });
    return "code" in answer ? (answer as Refused) : null;
  }

  /** Begin or end work, or a break. Returns the refusal, if any; raises `Fault`. */
  async clock(staffId: string, pin: string, what: "in" | "out" | "break"): Promise<Refused | null> {
    const answer = await tell<object>("/api/staff/clock", { staff_id: staffId, pin, what });
    if ("code" in answer) return answer as Refused;
    await this.refresh();
    return null;
  }

  #begin(session: Session, token: string): void {
    this.person = session.person;
    this.begunMs = session.begun_ms;
    keepSessionToken(token);
  }

  #end(): void {
    this.person = null;
    this.begunMs = 0;
    keepSessionToken("");
  }
}

export const session = new StaffSession();

function untold(): Ended[] {
  try {
    return JSON.parse(localStorage.getItem(UNTOLD) ?? "[]") as Ended[];
  } catch {
    return [];
  }
}

function recalled(): StaffHere | null {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) ?? "null") as StaffHere | null;
  } catch {
    return null;
  }
}

function remember(staff: StaffHere): void {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(staff));
  } catch {
    // Only a convenience: names are there before the box answers.
  }
}
