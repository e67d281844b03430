// Plays the spiral at full speed in headless Chromium: `node memory.mjs URL CHROMIUM PROFILE MINUTES SAMPLES`. Prints
// where the run is, and what the page holds.
import { deflateRawSync } from "node:zlib";
import { opened } from "./chromium.mjs";

const [url, executablePath, profile, minutes, samples] = process.argv.slice(2);
const { context, page } = await opened(executablePath, profile);
const settings = { data: { source: "spiral" }, stop: { epochs: 1e9 } };
await page.goto(`${url}#s=${deflateRawSync(JSON.stringify(settings)).toString("base64url")}`);
await page.getByLabel("Speed").selectOption("");
await page.getByRole("button", { name: "Play" }).click();
const devtools = await context.newCDPSession(page);
const began = Date.now();
for (let sample = 0; sample <= Number(samples); sample++) {
  await page.waitForTimeout(Math.max(0, began + 2000 + (sample * Number(minutes) * 60_000) / Number(samples) - Date.now()));
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
  const text = await page.locator('[data-test="epoch"]').innerText();
  console.log(
    JSON.stringify({
      minutes: (Date.now() - began) / 60_000,
      epochs: Number(text.replace(/\D/g, "")),
      heap: usedSize / 2 ** 20,
      nodes,
      listeners: jsEventListeners,
    }),
  );
}
await context.close();
