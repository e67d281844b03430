// Opens the page in headless Chromium: `node page.mjs URL CHROMIUM PROFILE SECONDS`. Prints its first paint, and at the
// end how often it drew the output map.
import { opened } from "./chromium.mjs";

const [url, executablePath, profile, seconds] = process.argv.slice(2);
const { context, page } = await opened(executablePath, profile);
await page.addInitScript(() => {
  window.drawn = 0;
  const put = CanvasRenderingContext2D.prototype.putImageData;
  let counted = false;
  CanvasRenderingContext2D.prototype.putImageData = function (...rest) {
    window.firstFrame ??= performance.now();
    if (!counted) {
      counted = true; // one a drawn frame, however many maps it has
      requestAnimationFrame(() => {
        window.drawn += 1;
        counted = false;
      });
    }
    return put.apply(this, rest);
  };
});
await page.goto(url);
await page.waitForFunction(() => window.firstFrame !== undefined, undefined, { timeout: 20_000 });
const paint = await page.evaluate(() => ({
  first_paint_ms: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
  first_frame_ms: window.firstFrame,
}));
console.log(JSON.stringify(paint));
await page.waitForTimeout(1500);
const before = await page.evaluate(() => [window.drawn, performance.now()]);
await page.waitForTimeout(Number(seconds) * 1000 - 2500);
const after = await page.evaluate(() => [window.drawn, performance.now()]);
console.log(JSON.stringify({ drawn: ((after[0] - before[0]) / (after[1] - before[1])) * 1000 }));
await context.close();
