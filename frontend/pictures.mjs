// The pictures of docs/workbench.md: node pictures.mjs ADDRESS, of `pellucid workbench --no-open`.
// CHROMIUM is the browser (by default /usr/bin/chromium).
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { chromium } from "playwright-core";

const FOLDER = join(import.meta.dirname, "../docs/images");
const SETTINGS = {
  data: { source: "spiral" },
  network: { layers: [8, 8].map((width) => ({ width, activation: { name: "tanh" } })) },
  training: { learning_rate: 0.01 },
};
const RATES = "0.001; 0.003; 0.01; 0.03; 0.1; 0.3; 1";
const LAYERS = "2; 4; 8; 4 4; 8 8; 8 8 8";
const ACTIVATIONS = ["tanh", "relu", "logistic"];

const address = new URL(process.argv[2]);
address.hash = `s=${deflateRawSync(JSON.stringify(SETTINGS)).toString("base64url")}`;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light", locale: "en-US" });
page.setDefaultTimeout(120_000);
await page.goto(address.href);

const button = (name) => page.getByRole("button", { name, exact: true });

async function trainUntil(epoch) {
  await page.getByRole("button", { name: /^Step/ }).click();
  await page.locator(".until select").selectOption("epoch");
  await page.locator(".until .number").fill(String(epoch));
  await page.locator(".until .number").press("Tab");
  await button("Go").click();
  const shown = page.locator('[data-test="epoch"]').filter({ hasText: new RegExp(`^${epoch}$`) });
  await shown.waitFor();
  await button("Play").waitFor();
}

async function picture(name) {
  await page.mouse.move(640, 4); // nothing is hovered over
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(FOLDER, name) });
}

await trainUntil(360);
await page.getByRole("textbox", { name: "Learning rate η" }).fill("0.003");
await page.getByRole("textbox", { name: "Learning rate η" }).press("Enter");
await trainUntil(630);
await page.locator("h1").click();
await picture("workbench.png");

await page.locator(".scrubber input").fill("120");
await page.locator('[data-test="epoch"]').filter({ hasText: /^120$/ }).waitFor();
await page.locator('[data-drawer="step"]').click();
await page.locator(".numbers-grid button.cell").first().waitFor();
await page.locator(".numbers-column").nth(2).locator("button.cell").nth(4).click();
await page.locator('.stages [data-stage="backward"]').click();
await page.locator(".formula").first().waitFor();
await picture("workbench-step.png");

await page.locator('[data-drawer="wall"]').click();
for (const [name, values] of [["Learning rate η", RATES], ["Hidden layers", LAYERS]]) {
  await page.getByLabel(`Values of ${name}`).fill(values);
  await page.getByLabel(`Values of ${name}`).blur();
}
await page.getByLabel("Epochs of the wall").fill("300");
await page.getByLabel("Epochs of the wall").press("Enter");
await button(`Train ${7 * 6 * ACTIVATIONS.length} networks`).click();
await page.locator(".wall").filter({ hasText: "epoch 300 of 300" }).waitFor();
await page.locator('[data-test="wall-start"]').waitFor();
await picture("workbench-wall.png");
await browser.close();
