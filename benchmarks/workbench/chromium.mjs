// Headless Chromium, as the workbench's benchmarks use it.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(new URL("../../frontend/package.json", import.meta.url)));
const { chromium } = require("playwright-core");

/** A browser with a profile of its own, and its page. */
export async function opened(executablePath, profile) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1440, height: 900 },
    args: ["--no-sandbox", "--lang=en-US"],
    env: { ...process.env, LANG: "en_US.UTF-8" },
  });
  return { context, page: context.pages()[0] ?? (await context.newPage()) };
}
