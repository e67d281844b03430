// A network of a tabular estimator in real Chromium, opened by `show`. Run by test_shown.py: WORKBENCH_URL is the page's
// address, WORKBENCH_CHROMIUM the browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

const require = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const { WORKBENCH_URL: ADDRESS, WORKBENCH_CHROMIUM: CHROMIUM } = process.env;

let browser;
let page;
const troubles = [];
const text = async (where) => (await page.locator(where).first().innerText()).trim();

before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--lang=en-US"] });
  page = await browser.newPage({ viewport: { width: 1400, height: 900 }, locale: "en-US" });
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && troubles.push(`console: ${message.text()}`));
  await page.goto(ADDRESS);
  await page.locator('.standing [data-test="loss"]').filter({ hasText: /\d/ }).waitFor();
});
after(() => browser.close());

test("inputs are drawn by their names, with the number of features that each becomes", async () => {
  assert.deepEqual(await page.locator(".label.left").allInnerTexts(), ["age", "fare", "fare is missing", "sex=m", "city"]);
  assert.deepEqual(await page.locator(".labels .features").allInnerTexts(), ["9", "9", "8"]);
  assert.equal(await page.locator('[data-neuron^="0,"]').count(), 16, "a wide layer is drawn in summary");
  assert.match(await text(".label.more"), /and 54 more/);
  assert.match(await text('[data-part="data"]'), /This is network 1 of 2/);
  assert.match(await text('[data-part="inputs"]'), /5 inputs, embedded in 28 features/);
  assert.equal(await page.getByText("Standardise").count(), 0, "what the rows are is no longer a choice");
});

test("an input's link says how strong its features are together", async () => {
  const [from, to] = [await page.locator('[data-neuron="-1,0"]').boundingBox(), await page.locator('[data-neuron="0,0"]').boundingBox()];
  await page.mouse.move(from.x + from.width + 6, from.y + from.height / 2);
  await page.mouse.move(from.x + from.width + 8, from.y + from.height / 2);
  await page.locator(".tip").waitFor();
  assert.match(await text(".tip"), /9 weights of age: together ‖w‖ = \d/);
  assert.ok(to.x > from.x);
});

test("inside a step an input shows its basis, its features and what they learn", async () => {
  await page.locator('[data-neuron="-1,0"]').click();
  await page.getByRole("button", { name: "How it is made" }).click();
  await page.locator(".formula").first().waitFor();
  assert.match(await page.locator(".formula").first().getAttribute("data-left"), /^basis/);
  assert.equal(await page.locator(".step-table tbody tr").count(), 9);
  for (const [stage, left] of [["backward", "∂ℓ/∂f₁"], ["update", "grad"]]) {
    await page.locator(`.stages [data-stage="${stage}"]`).click();
    await page.locator(`.formula[data-left="${left}"]`).first().waitFor();
  }
  await page.locator(".numbers-grid .cell.input").nth(4).click();
  await page.locator('.stages [data-stage="forward"]').click();
  await page.locator('.formula[data-left="e₂₁"]').first().waitFor();
  assert.match(await page.locator(".numbers-grid .cell.input").nth(4).innerText(), /city\s+c\d+/);
  await page.locator(".numbers-column").nth(2).locator("button.cell").first().click();
  await page.locator('.formula[data-left="z₁"]').first().waitFor();
});

test("training goes on, and nothing serious stands in the way of anybody", async () => {
  const before = Number((await text('[data-test="epoch"]')).replace(/\s/g, ""));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("e");
  await page.locator('[data-test="epoch"]').filter({ hasText: new RegExp(`^${before + 1}$`) }).waitFor();
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter((each) => ["serious", "critical"].includes(each.impact));
  assert.deepEqual(serious.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 120)}`), []);
});

test("another source of data makes a network of the page's own", async () => {
  await page.locator('[data-source="moons"]').click();
  await page.locator(".label.left").nth(1).filter({ hasText: "x₂" }).waitFor();
  assert.equal(await page.locator(".labels .features").count(), 0);
  assert.deepEqual(troubles, []);
});
