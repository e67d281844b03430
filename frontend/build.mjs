// Bundles the page to one ES module and one style sheet: `node build.mjs [--out FOLDER] [--watch]`.
import { cp, mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const at = process.argv.indexOf("--out");
const out = at > 0 ? resolve(process.argv[at + 1]) : resolve(here, "../src/pellucid/workbench/static");

// The licences of what is bundled travel with it.
const bundled = ["preact", "@preact/signals", "@preact/signals-core", "uplot"];
const licences = await Promise.all(
  bundled.map(
    async (name) => `${name}\n\n${(await readFile(join(here, "node_modules", name, "LICENSE"), "utf8")).trim()}`,
  ),
);

const options = {
  entryPoints: { page: join(here, "src/main.tsx") },
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["chrome111", "firefox113", "safari16.4"],
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  footer: { js: `/*! This module holds:\n\n${licences.join("\n\n")}\n*/` },
  charset: "utf8",
  logLevel: "info",
};

await mkdir(out, { recursive: true });
await cp(join(here, "src/index.html"), join(out, "index.html"));
await cp(join(here, "src/icon.svg"), join(out, "icon.svg"));

if (process.argv.includes("--watch")) await (await context(options)).watch();
else await build(options);
