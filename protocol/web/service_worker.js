// Keeps a screen's own files on the device, so that a reload works while the box is away.
// The build fills in the names below; browsers run this only on https or localhost.
const VERSION = "__VERSION__";
const FILES = ["__FILES__"];
// What answers a page: the box when it answers soon, or first of all what is kept here.
const KEPT_FIRST = "__KEPT_FIRST__" === "true";
const PAGE = "./";
const PATIENCE_MS = 2500;
const PICTURES = "pictures";
// Each dish of a menu of a thousand as a tile, in a list and large, about 75 MB; beyond it those go
// that were kept first.
const PICTURES_MAX = 3000;
// Counting what is kept takes its time, so not after every picture of a menu that is scrolled through.
const COUNT_EVERY = 50;
let putIn = 0;

self.addEventListener("install", (event) => {
  const keep = async () => (await caches.open(VERSION)).addAll([PAGE, ...FILES]);
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const scope = VERSION.split("@")[0];
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(`${scope}@`) && name !== VERSION);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (pathname.startsWith("/pictures/") && new URL(request.url).origin === location.origin) {
    event.respondWith(picture(event));
    return;
  }
  if (!request.url.startsWith(self.registration.scope)) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.includes("/assets/")) event.respondWith(asset(request));
});

// The box's page when it answers soon, so that an update is seen at once; else the one kept here.
async function page(request) {
  const kept = await caches.match(PAGE, { cacheName: VERSION });
  // A guest never waits for a box that is away. The page itself looks for another one when idle.
  if (kept && KEPT_FIRST) return kept;
  try {
    const signal = kept ? AbortSignal.timeout(PATIENCE_MS) : undefined;
    const answer = await fetch(request.url, { signal });
    return answer.ok || !kept ? answer : kept;
  } catch (fault) {
    if (kept) return kept;
    throw fault;
  }
}

// Names of assets carry a hash of their content: what is kept is what is meant.
async function asset(request) {
  return (await caches.match(request, { cacheName: VERSION })) ?? fetch(request);
}

// A picture's name never means another picture. One that only stands in for it is not kept.
async function picture(event) {
  const cache = await caches.open(PICTURES);
  const kept = await cache.match(event.request.url);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok && (answer.headers.get("cache-control") ?? "").includes("immutable")) {
    event.waitUntil(keep(cache, event.request.url, answer.clone()));
  }
  return answer;
}

async function keep(cache, url, answer) {
  try {
    await cache.put(url, answer);
    if (putIn++ % COUNT_EVERY !== 0) return;
    const names = await cache.keys();
    const over = names.slice(0, Math.max(0, names.length - PICTURES_MAX));
    await Promise.all(over.map((name) => cache.delete(name)));
  } catch {
    // No room: the dish is drawn next time, and nothing else suffers.
  }
}
