/** The token of whoever is signed in at this screen: requests carry it, and so does what waits. */

const REMEMBERED = "kedai.session";
let token = remembered();

/** The token, or empty while nobody is signed in here. */
export function sessionToken(): string {
  return token;
}

export function keepSessionToken(now: string): void {
  token = now;
  try {
    if (now) localStorage.setItem(REMEMBERED, now);
    else localStorage.removeItem(REMEMBERED);
  } catch {
    // A screen without storage asks for the PIN again after a reload.
  }
}

function remembered(): string {
  try {
    return localStorage.getItem(REMEMBERED) ?? "";
  } catch {
    return "";
  }
}
