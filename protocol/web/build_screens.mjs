// Builds every screen into edge/static and cloud/static, and lays the API page's files beside them.
// `node protocol/web/build_screens.mjs counter` builds one of them.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// Screens of the box outlive a moment without it; HQ's and the demo's pages need not.
const KEPT_ON_DEVICE = ["counter", "kiosk", "kitchen", "customer", "board"];
const SCREENS = ["counter", "kiosk", "kitchen", "customer", "board", "box", "devices", "demo", "dashboard"];
// A guest never waits for a box that is away: the kiosk opens from what is kept, and looks for a newer
// page by itself when nobody stands before it. Staff see an update at once.
const KEPT_FIRST = ["kiosk"];

// The API page must work on a LAN without internet, so its script and style travel with us.
const API_PAGE = ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css", "LICENSE", "NOTICE"];
const API_PAGE_FOLDERS = ["edge/static/docs", "cloud/static/docs"];

async function buildScreens(wanted) {
  for (const screen of wanted) {
    await build({ configFile: join(ROOT, "vite.config.ts"), mode: screen, logLevel: "warn" });
    if (KEPT_ON_DEVICE.includes(screen)) await writeServiceWorker(screen);
  }
}

async function writeServiceWorker(screen) {
  const folder = join(ROOT, "edge/static", screen);
  const files = (await readdir(join(folder, "assets"))).sort().map((name) => `./assets/${name}`);
  const page = await readFile(join(folder, "index.html"));
  const version = createHash("sha256").update(page).update(files.join()).digest("hex").slice(0, 16);
  const source = await readFile(join(ROOT, "protocol/web/service_worker.js"), "utf8");
  const filled = source
    .replace('"__VERSION__"', JSON.stringify(`${screen}@${version}`))
    .replace('"__KEPT_FIRST__"', JSON.stringify(String(KEPT_FIRST.includes(screen))))
    .replace('["__FILES__"]', JSON.stringify(files));
  await writeFile(join(folder, "sw.js"), filled);
}

async function copyApiPage() {
  const from = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  for (const folder of API_PAGE_FOLDERS) {
    await mkdir(join(ROOT, folder), { recursive: true });
    for (const name of API_PAGE) await copyFile(join(from, name), join(ROOT, folder, name));
  }
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !SCREENS.includes(name));
if (unknown.length > 0) {
  console.error(`There is no screen ${unknown.join(", ")}; there are: ${SCREENS.join(", ")}.`);
  process.exit(2);
}
process.env.NODE_ENV = "production";
await buildScreens(asked.length > 0 ? asked : SCREENS);
await copyApiPage();
