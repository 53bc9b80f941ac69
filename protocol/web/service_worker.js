// Keeps a screen's own files on the device, so that a reload works while the box is away.
// The build fills in the names below; browsers run this only on https or localhost.
const VERSION = "__VERSION__";
const FILES = ["__FILES__"];
const PAGE = "./";
const PATIENCE_MS = 2500;

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
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.includes("/assets/")) event.respondWith(asset(request));
});

// The box's page when it answers soon, so that an update is seen at once; else the one kept here.
async function page(request) {
  const kept = await caches.match(PAGE, { cacheName: VERSION });
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
