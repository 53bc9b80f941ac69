/** No way out of the page: a guest can order, and nothing else, on this screen. */

const KEYS = new Set(["F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "BrowserBack", "BrowserForward", "ContextMenu"]);

/** Hold the page until the returned function is called. */
export function lockPage(): () => void {
  const stop = (event: Event) => event.preventDefault();
  const keys = (event: KeyboardEvent) => {
    const beyond = KEYS.has(event.key) || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() !== "a");
    if (beyond || (event.altKey && event.key.startsWith("Arrow"))) event.preventDefault();
  };
  // Going back leads here again; a swipe from the edge is a step back as well.
  const stay = () => history.pushState(null, "");
  const pinch = (event: WheelEvent) => event.ctrlKey && event.preventDefault();
  stay();
  addEventListener("popstate", stay);
  addEventListener("contextmenu", stop);
  addEventListener("dragstart", stop);
  addEventListener("drop", stop);
  addEventListener("dragover", stop);
  addEventListener("keydown", keys);
  addEventListener("wheel", pinch, { passive: false });
  document.addEventListener("gesturestart", stop);
  return () => {
    removeEventListener("popstate", stay);
    removeEventListener("contextmenu", stop);
    removeEventListener("dragstart", stop);
    removeEventListener("drop", stop);
    removeEventListener("dragover", stop);
    removeEventListener("keydown", keys);
    removeEventListener("wheel", pinch);
    document.removeEventListener("gesturestart", stop);
  };
}
