// One build per screen (`vite build --mode counter`): each is served from a folder of its own,
// and a box never ships what only HQ needs. `npm run build` makes them all.
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const SCREENS: Record<string, { root: string; out: string }> = {
  counter: { root: "edge/web/counter", out: "edge/static/counter" },
  kiosk: { root: "edge/web/kiosk", out: "edge/static/kiosk" },
  kitchen: { root: "edge/web/kitchen", out: "edge/static/kitchen" },
  customer: { root: "edge/web/customer", out: "edge/static/customer" },
  board: { root: "edge/web/board", out: "edge/static/board" },
  box: { root: "edge/web/box", out: "edge/static/box" },
  devices: { root: "edge/web/devices", out: "edge/static/devices" },
  demo: { root: "edge/web/demo", out: "edge/static/demo" },
  dashboard: { root: "cloud/web/dashboard", out: "cloud/static/dashboard" },
};

export default defineConfig(({ mode }) => {
  const screen = SCREENS[mode];
  return {
    root: here(screen?.root ?? "."),
    base: "./",
    publicDir: false,
    plugins: [svelte({ configFile: here("svelte.config.js") }), tailwindcss()],
    resolve: {
      alias: { $web: here("protocol/web") },
      // Under vitest the browser's half of Svelte is wanted too.
      conditions: mode === "test" ? ["browser"] : undefined,
    },
    build: {
      outDir: here(screen?.out ?? "build"),
      emptyOutDir: true,
      target: "es2022",
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 900,
      // A hint for people who tune builds; ours takes three seconds.
      rolldownOptions: { checks: { pluginTimings: false } },
    },
    server: {
      proxy: {
        "/api": "http://127.0.0.1:8080",
        "/mqtt": { target: "ws://127.0.0.1:8080", ws: true },
      },
    },
    test: {
      include: ["protocol/web/**/*.test.ts", "edge/web/**/*.test.ts", "cloud/web/**/*.test.ts"],
    },
  };
});
