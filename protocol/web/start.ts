/** How a screen of the box begins: mounted on its page, and kept on the device where that is allowed. */

import { mount, type Component } from "svelte";
import { wordsReady } from "./language.svelte";

export function start(app: Component): void {
  // Words that cannot be fetched are said in the fallback's language: the page is shown regardless.
  void wordsReady().then(() => mount(app, { target: document.getElementById("app")! }));
  // Plain http on the LAN is no secure context: there the page needs the box for a reload.
  if (window.isSecureContext && "serviceWorker" in navigator) {
    navigator.serviceWorker.register("./sw.js").catch((fault: unknown) => {
      console.warn("this device does not keep the screen for a reload without the box", fault);
    });
  }
}
