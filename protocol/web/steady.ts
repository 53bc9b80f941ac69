/**
 * A clock that nobody sets. Somebody who corrects this device's clock, or a device that learns the time
 * an hour after its start, must neither end a guest's visit nor make it another hour.
 */

/** Milliseconds, as Unix time was when this page began and going forward evenly since. */
export function steadyMs(): number {
  return performance.timeOrigin + performance.now();
}
