// One build for the page and the widget. Its result is committed under bot/channels/static, so that serving needs no Node.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { defineConfig } from "vite";

const here = import.meta.dirname;

/** The hash of everything that the build is made from: a test without Node sees by it that the build is stale. */
function sources() {
  const files = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js"];
  for (const folder of ["src", "public"])
    for (const f of readdirSync(join(here, folder), { recursive: true, withFileTypes: true }))
      if (f.isFile()) files.push(relative(here, join(f.parentPath, f.name)).replaceAll("\\", "/"));
  const hash = createHash("sha256");
  for (const f of files.sort()) hash.update(f + "\0").update(readFileSync(join(here, f))).update("\0");
  return hash.digest("hex");
}

export default defineConfig({
  root: here,
  // The page knows its files by their place on the server; parts of the widget find each other wherever they were loaded from.
  base: "./",
  experimental: {
    renderBuiltUrl: (name, { hostType }) => (hostType === "html" ? "/static/" + name : { relative: true }),
  },
  build: {
    outDir: process.env.SUFANG_WEB_OUT || "../bot/channels/static",
    emptyOutDir: true,
    assetsDir: "",
    target: ["es2020", "chrome80", "safari13.1"],
    cssTarget: ["chrome80", "safari13.1"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      input: { page: join(here, "index.html"), embed: join(here, "src/embed.ts") },
      output: {
        entryFileNames: (c) => (c.name === "embed" ? "embed.js" : "[name]-[hash].js"),
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
        hashCharacters: "hex",
        // Everything that the first screen needs is one file: on a slow line a second trip costs more than a kilobyte.
        codeSplitting: { groups: [{ name: "chat", test: /node_modules\/(lit|@lit|lit-html|lit-element)\/|web\/src\/(?!lazy|style|page|embed|words\.(en|long))|preload-helper/ }] },
      },
    },
  },
  plugins: [
    {
      name: "sources",
      generateBundle() {
        this.emitFile({ type: "asset", fileName: "sources.sha256", source: sources() + "\n" });
      },
    },
  ],
});
