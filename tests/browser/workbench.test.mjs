// The workbench in real Chromium, as a person uses it. Run by test_workbench.py, which starts the server and looks at
// what is written here: WORKBENCH_URL is the page's address, WORKBENCH_OUT a folder, WORKBENCH_CHROMIUM the browser.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { deflateRawSync } from "node:zlib";

const require = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const { WORKBENCH_URL: ADDRESS, WORKBENCH_OUT: OUT, WORKBENCH_CHROMIUM: CHROMIUM } = process.env;
const HOST = new URL(ADDRESS).host;
const PATIENCE = 30_000; // milliseconds: the machine may have other work to do
const save = (name, value) => writeFileSync(join(OUT, name), JSON.stringify(value));

let browser;
let page;
const troubles = [];

/** A tab of its own, as if newly opened; what goes wrong in it is kept. */
async function tab({ address = ADDRESS, width = 1400, height = 900, ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: "en-US",
    acceptDownloads: true,
    ...more,
  });
  const opened = await context.newPage();
  opened.setDefaultTimeout(PATIENCE);
  opened.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  opened.on("console", (message) => message.type() === "error" && troubles.push(`console: ${message.text()}`));
  opened.on("request", (request) => {
    const { host, protocol } = new URL(request.url());
    if (host !== HOST && protocol.startsWith("http")) troubles.push(`a request to ${host}`);
  });
  await opened.goto(address);
  await opened.locator('.standing [data-test="loss"]').filter({ hasText: /\d/ }).waitFor();
  return opened;
}

const text = async (where, from = page) => (await from.locator(where).first().innerText()).trim();
const value = (shown) => Number(shown.replace("−", "-").replace(/[\s\u2009]/g, ""));
const epoch = async (from = page) => value(await text('[data-test="epoch"]', from));
const loss = async (from = page) => value(await text('[data-test="loss"]', from));
const titles = (where, from = page) => from.locator(where).evaluateAll((all) => all.map((each) => each.title));

async function until(what, condition, most = PATIENCE) {
  const end = Date.now() + most;
  while (!(await condition())) {
    if (Date.now() > end) assert.fail(`${what} did not come about in ${most} ms`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** The loss, once the frame of the last epoch has come. */
async function settledLoss(from = page) {
  let [last, same] = [NaN, 0];
  await until("a loss that stays", async () => {
    const now = await loss(from);
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 15;
  });
  return last;
}

async function step(key, count, from = page) {
  const start = await epoch(from);
  await from.keyboard.press(key);
  await until(`${count} epochs more`, async () => (await epoch(from)) === start + count);
}

async function exported(what, name, from = page) {
  await from.getByRole("button", { name: "Save and open" }).click();
  const [download] = await Promise.all([
    from.waitForEvent("download"),
    from.locator(`[data-export="${what}"]`).click(),
  ]);
  const place = join(OUT, name);
  await download.saveAs(place);
  await from.keyboard.press("Escape");
  return place;
}

before(async () => {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--lang=en-US", "--no-sandbox", "--disable-gpu"],
    env: { ...process.env, LANG: "en_US.UTF-8", LANGUAGE: "en_US", LC_ALL: "C.UTF-8" },
  });
  page = await tab();
});

after(async () => {
  await browser?.close();
});

let startLoss;

test("the page is there at once, and the loss falls when it plays", async () => {
  startLoss = await loss();
  assert.ok(startLoss > 0.5 && startLoss < 1.5, `a loss of ${startLoss} before training`);
  await page.getByRole("button", { name: "Play" }).click();
  await until("30 epochs", async () => (await epoch()) >= 30);
  await page.getByRole("button", { name: "Pause" }).click();
  assert.ok((await loss()) < 0.5 * startLoss, `the loss fell from ${startLoss} to ${await loss()}`);
  assert.ok(await page.locator(".plot canvas").count());
});

test("reset goes back to the same start, and ten epochs give the same loss again", async () => {
  await page.keyboard.press("r");
  await until("epoch 0", async () => (await epoch()) === 0);
  await until("the start", async () => (await loss()) === startLoss);
  await step("t", 10);
  const first = await settledLoss();
  await page.keyboard.press("r");
  await until("epoch 0", async () => (await epoch()) === 0);
  await until("the same start", async () => (await loss()) === startLoss);
  await step("t", 10);
  await until("the same loss", async () => (await loss()) === first);
});

test("the scrubber goes back to an earlier moment", async () => {
  await page.locator(".topbar .scrubber input").fill("4");
  await until("epoch 4", async () => (await epoch()) === 4);
  await page.locator(".topbar .scrubber input").fill("10");
  await until("epoch 10", async () => (await epoch()) === 10);
});

test("it trains until something holds", async () => {
  await page.getByRole("button", { name: /^Step/ }).click();
  await page.locator(".until select").selectOption("epoch");
  await page.locator(".until .number").fill("25");
  await page.locator(".until .number").press("Tab");
  await page.getByRole("button", { name: "Go", exact: true }).click();
  await until(
    "epoch 25",
    async () => (await epoch()) === 25 && (await page.getByRole("button", { name: "Play" }).count()) === 1,
  );
});

test("a weight is edited in its box, undone and frozen", async () => {
  await page.locator('[data-neuron="0,1"]').click();
  const box = page.getByLabel(/^Value of w₁₂/);
  const old = await box.inputValue();
  await box.fill("2.5");
  await box.press("Enter");
  await until("the new value", async () => (await box.inputValue()) === "2.5");
  await page.waitForTimeout(300);
  assert.equal(await box.inputValue(), "2.5");
  await page.getByRole("button", { name: "Undo" }).click();
  await until("the old value", async () => (await box.inputValue()) === old);
  const lock = page.getByRole("button", { name: /^Freeze w₁₂/ });
  await lock.click();
  await until("the lock", async () => (await lock.getAttribute("aria-pressed")) === "true");
  const frozen = await box.inputValue();
  await step("e", 1);
  await page.waitForTimeout(300);
  assert.equal(await box.inputValue(), frozen);
  await lock.click();
  await until("no lock", async () => (await lock.getAttribute("aria-pressed")) === "false");
  await page.getByRole("button", { name: "Close" }).click();
});

test("layers and neurons are added and removed in the drawing", async () => {
  const neurons = () => page.locator(".neuron").count();
  const first = await neurons();
  await page.locator('[data-test="add-layer"]').click();
  await until("a layer more", async () => (await page.locator(".stepper").count()) === 3);
  await until("its neurons", async () => (await neurons()) > first);
  const second = await neurons();
  await page.getByRole("button", { name: "Add a neuron to layer 3" }).click();
  await until("a neuron more", async () => (await neurons()) === second + 1);
  await page.getByLabel("Activation of layer 3").selectOption("relu");
  await page.getByRole("button", { name: /Layer 3: neurons, dropout, normalisation/ }).click();
  await page.getByRole("button", { name: "Remove this layer" }).click();
  await until("a layer less", async () => (await neurons()) === first);
});

test("a step has four stages; their numbers are kept to be compared with the trace", async () => {
  await page.keyboard.press("r");
  await until("epoch 0", async () => (await epoch()) === 0);
  await step("e", 1);
  await exported("script", "one.py");
  await exported("model", "one.safetensors");
  await page.locator('[data-drawer="step"]').click();
  await page.locator(".numbers-grid button.cell").first().waitFor();
  await page.locator(".numbers-column").nth(2).locator("button.cell").first().click();
  await page.locator(".formula").first().waitFor();
  const found = { neuron: [1, 0] };
  const columns = () =>
    page
      .locator(".numbers-column")
      .evaluateAll((all) =>
        all.slice(1).map((column) => [...column.querySelectorAll("button.cell")].map((cell) => Number(cell.title))),
      );
  const formulas = () =>
    page.locator(".formula").evaluateAll((all) => all.map((each) => [each.dataset.left, each.dataset.result]));
  found.rows = (await page.getByLabel("Row of the batch").locator("option").allInnerTexts()).map(Number);
  for (const stage of ["forward", "loss", "backward", "update"]) {
    assert.equal(await page.locator(".step").getAttribute("data-stage"), stage);
    await page.locator(".formula").first().waitFor();
    found[stage] = { columns: await columns(), formulas: await formulas() };
    assert.ok(await page.locator(".formula math").count());
    if (stage === "loss") found.loss.shown = await text('[data-test="step-loss"]');
    if (stage === "backward") {
      found.backward.shares = (await titles(".contributions .bar-row")).map((title) => Number(title.split(": ")[1]));
      await page.locator('[data-test="check-all"]').click();
      const verdict = page.locator('[data-test="check-result"]');
      await verdict.waitFor();
      assert.match(await verdict.innerText(), /^agrees/);
    }
    if (stage === "update") {
      found.update.table = await page
        .locator(".step-table tbody tr")
        .evaluateAll((all) =>
          all.map((row) => [...row.querySelectorAll("td[title]")].map((cell) => Number(cell.title))),
        );
    } else await page.locator('[data-test="stage-next"]').click();
  }
  save("step.json", found);
  await page.locator('.stages [data-stage="loss"]').click();
  assert.equal(await page.locator(".step").getAttribute("data-stage"), "loss");
  await page.locator('.stages [data-stage="update"]').click();
  await page.locator('[data-test="stage-next"]').click();
  await page.locator('.stages [data-stage="update"]').click();
  await until("the step taken", async () => {
    const olds = await page
      .locator(".step-table tbody tr td:first-of-type")
      .evaluateAll((all) => all.map((cell) => Number(cell.title)));
    return (
      olds.length === found.update.table.length &&
      olds.every((old, place) => Math.abs(old - found.update.table[place][3]) < 1e-6)
    );
  });
  await page.keyboard.press("Escape");
});

test("a network that plays for a while is exported as a script that ends with the same loss", async () => {
  const other = await tab();
  await step("t", 10, other);
  await step("t", 10, other);
  await other.waitForTimeout(200);
  await exported("script", "twenty.py", other);
  save("twenty.json", {
    loss: await text('[data-test="loss"]', other),
    score: await text('[data-test="score"]', other),
  });
  const picture = readFileSync(await exported("svg", "twenty.svg", other), "utf8");
  assert.ok(picture.startsWith("<svg") && picture.split("<image").length === 10);
  const session = await exported("session", "twenty.session", other);
  const last = await loss(other);
  await other.context().close();
  const again = await tab();
  await again.getByRole("button", { name: "Save and open" }).click();
  await again.getByLabel("Session file").setInputFiles(session);
  await until("the session's epoch", async () => (await epoch(again)) === 20);
  await until("the session's loss", async () => (await loss(again)) === last);
  await again.context().close();
});

test("the address gives the same network in another tab", async () => {
  const first = await tab();
  await first.locator('[data-source="spiral"]').click();
  await first.getByRole("button", { name: "Add a neuron to layer 1" }).click();
  await until("five neurons", async () => (await first.locator('[data-neuron="0,4"]').count()) === 1);
  await first.waitForTimeout(500);
  const address = first.url();
  assert.match(address, /#s=/);
  await step("t", 10, first);
  await first.locator('[data-neuron="0,4"]').click();
  const box = (from) => from.getByLabel(/^Value of w₂₅/);
  const [weight, fell] = [await box(first).inputValue(), await settledLoss(first)]; // behind another tab nothing is drawn
  const second = await tab({ address });
  await until("five neurons", async () => (await second.locator('[data-neuron="0,4"]').count()) === 1);
  await step("t", 10, second);
  await second.locator('[data-neuron="0,4"]').click();
  await until("the same weight", async () => (await box(second).inputValue()) === weight);
  await until("the same loss", async () => (await loss(second)) === fell);
  await second.reload();
  await until(
    "the run found again",
    async () => (await second.locator('[data-test="epoch"]').count()) && (await epoch(second)) === 10,
  );
  await first.context().close();
  await second.context().close();
});

test("a table is dropped, its columns are given other roles, and a pasted one is used", async () => {
  const own = await tab();
  const rows = Array.from(
    { length: 60 },
    (_, row) => `${row / 10},${["red", "blue", ""][row % 3]},${row % 7},${row % 2 ? "yes" : "no"}`,
  );
  await own.evaluate(
    (content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], "plants.csv", { type: "text/csv" }));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    },
    ["height,colour,leaves,edible", ...rows].join("\n"),
  );
  await own.getByRole("button", { name: "Columns…" }).click();
  await own.getByLabel("Role of leaves").selectOption("ignore");
  await until("the role", async () => (await own.getByLabel("Role of leaves").inputValue()) === "ignore");
  await own.getByRole("button", { name: "Done" }).click();
  await own.locator('[data-neuron="-1,0"]').waitFor();
  await step("t", 10, own);
  await own.getByRole("button", { name: "Paste…" }).click();
  await own
    .locator("textarea")
    .fill(["a;b;c", ...Array.from({ length: 40 }, (_, row) => `${row};${row * row};${row * 2.5}`)].join("\n"));
  await own.getByRole("button", { name: "Use it" }).click();
  await until("a regression", async () => (await text(".standing", own)).includes("R²"));
  await step("t", 10, own);
  await own.locator('[data-chart="predicted"]').click();
  await own.locator('canvas[aria-label="Predicted against true values"]').waitFor();
  await own.context().close();
});

test("the wall trains many networks, and one of them opens", async () => {
  const many = await tab();
  await many.locator('[data-drawer="wall"]').click();
  await many.getByLabel("Values of Learning rate η").fill("0.001; abc; 0.3");
  await many.getByLabel("Values of Learning rate η").blur();
  await many.locator(".wall .problem").filter({ hasText: "“abc” is no number" }).waitFor();
  assert.ok(await many.locator('[data-test="wall-start"]').isDisabled());
  await many.getByLabel("Values of Learning rate η").fill("0.001; 0.03; 0.3");
  await many.getByLabel("Values of Learning rate η").blur();
  await many.getByLabel("Values of Hidden layers").fill("2; 6; 4 4");
  await many.getByLabel("Values of Hidden layers").blur();
  await many.getByLabel("Epochs of the wall").fill("40");
  await many.getByLabel("Epochs of the wall").press("Enter");
  const start = many.locator('[data-test="wall-start"]');
  await until("27 networks", async () => (await start.innerText()) === "Train 27 networks");
  await start.click();
  await until("27 maps", async () => (await many.locator(".cell-map").count()) === 27);
  await until("the wall's end", async () => (await start.count()) === 1, 3 * PATIENCE);
  const losses = (await many.locator(".cell-map .num").allInnerTexts()).map(value);
  assert.ok(losses.every(Number.isFinite) && Math.min(...losses) < 0.3 && Math.max(...losses) > 0.4, losses.join(" "));
  await many.setViewportSize({ width: 1280, height: 800 });
  await many.locator(".cell-map").first().focus();
  for (const key of ["ArrowRight", "ArrowDown"]) await many.keyboard.press(key);
  const focused = () => many.evaluate(() => document.activeElement.getAttribute("aria-label"));
  assert.match(await focused(), /Learning rate η 0.001, Hidden layers 6, Activation relu/);
  await many.getByLabel("Values of Hidden layers").fill(Array.from({ length: 22 }, (_, place) => place + 1).join(";"));
  await many.getByLabel("Values of Hidden layers").blur();
  await many.getByLabel("Epochs of the wall").fill("3");
  await many.getByLabel("Epochs of the wall").press("Enter");
  await start.click();
  await until("198 maps", async () => (await many.locator(".cell-map").count()) === 198);
  await until("a wall as wide as the page", () =>
    many.locator(".cells-scroll").evaluate((each) => each.scrollWidth <= each.clientWidth),
  );
  await many.locator(".cell-map").last().focus();
  const [shown, cell] = [many.locator(".cells-scroll"), many.locator(".cell-map").last()];
  const [outer, inner] = [await shown.boundingBox(), await cell.boundingBox()];
  assert.ok(inner.y + inner.height <= outer.y + outer.height + 1, "the last network is scrolled to");
  await until("the wall's end", async () => (await start.count()) === 1, 3 * PATIENCE);
  await many.getByLabel("best first").check();
  const best = await many.locator(".cell-map").first().getAttribute("aria-label");
  await many.locator(".cell-map").first().click();
  const rate = best.match(/Learning rate η ([\d.]+)/)[1];
  await until(
    "its learning rate",
    async () => Number(await many.getByRole("textbox", { name: "Learning rate η" }).inputValue()) === Number(rate),
  );
  await many.context().close();
});

test("kept runs stand side by side", async () => {
  const compared = await tab();
  await step("t", 10, compared);
  await compared.locator('[data-drawer="compare"]').click();
  await compared.locator('[data-test="keep"]').click();
  await compared.getByRole("textbox", { name: "Learning rate η" }).fill("0.1");
  await compared.getByRole("textbox", { name: "Learning rate η" }).press("Enter");
  await compared.getByRole("button", { name: "Reset" }).click();
  await until("epoch 0", async () => (await epoch(compared)) === 0);
  await compared.locator("h1").click();
  await step("t", 10, compared);
  await compared.locator('[data-test="keep"]').click();
  await until("two runs", async () => (await compared.locator(".kept > li").count()) === 2);
  await until("what differs", async () =>
    (await compared.locator(".differences").allInnerTexts()).join().includes("0.1"),
  );
  await compared.context().close();
});

test("from a regression to classes; the numbers above are those of the moment shown", async () => {
  const own = await tab();
  await own.locator('[data-source="plane"]').click();
  await until("R²", async () => (await text('.standing [data-test="score"]', own)).includes("%") === false);
  await own.locator('[data-source="spiral"]').click();
  await until("an accuracy", async () => (await text('.standing [data-test="score"]', own)).includes("%"));
  await step("t", 10, own);
  await step("t", 10, own);
  const end = await settledLoss(own);
  await own.locator(".topbar .scrubber input").fill("0");
  await until("the start", async () => (await epoch(own)) === 0 && (await loss(own)) > end);
  await own.locator(".topbar .scrubber input").fill("20");
  await until("the end", async () => (await epoch(own)) === 20 && (await loss(own)) === end);
  await own.context().close();
});

test("points are added with a click and removed again; features and formulas are chosen", async () => {
  const own = await tab();
  const rows = () => text('[data-part="data"] summary .note', own);
  assert.equal(await rows(), "210 + 90 rows");
  await step("t", 10, own);
  await own.getByRole("button", { name: /^Add points: 0/ }).click();
  await own.locator(".editor").click({ position: { x: 60, y: 40 } });
  await until("a point more", async () => (await rows()) === "211 + 90 rows");
  assert.equal(await epoch(own), 10); // the network learns on among them
  await own.keyboard.press("Space"); // plays, though the map has the focus
  await until("training", async () => (await epoch(own)) > 10);
  await own.keyboard.press("Space");
  await own.getByRole("button", { name: "Play" }).waitFor();
  assert.equal(await rows(), "211 + 90 rows");
  await own.locator(".editor").press("ArrowLeft");
  await own.keyboard.press("Enter");
  await until("another point", async () => (await rows()) === "212 + 90 rows");
  await own.getByRole("button", { name: "Undo" }).click();
  await until("a point as before", async () => (await rows()) === "211 + 90 rows");
  await own.getByRole("button", { name: "remove", exact: true }).click();
  await own.locator(".editor").click({ position: { x: 60, y: 40 } });
  await until("a point less", async () => (await rows()) === "210 + 90 rows");
  await own.getByRole("button", { name: "x₁²", exact: true }).click();
  await own.locator('[data-neuron="-1,2"]').waitFor();
  await own.getByLabel("Own formula").fill("cos(x1) * x2");
  await own.getByLabel("Own formula").press("Enter");
  await own.locator('[data-neuron="-1,3"]').waitFor();
  await own.getByLabel("Own formula").fill("__import__('os')");
  await own.getByLabel("Own formula").press("Enter");
  await own.locator("form .problem").filter({ hasText: "knows no function '__import__'" }).waitFor();
  assert.equal(await own.locator(".problems").count(), 0, "it is said where it was written");
  assert.equal(await own.getByRole("button", { name: "__import__('os')" }).count(), 0);
  await own.getByRole("button", { name: "x₂²", exact: true }).click(); // nothing else is held up by it
  await own.locator('[data-neuron="-1,4"]').waitFor();
  assert.equal(await own.locator(".problem, .problems").count(), 0);
  assert.equal(await own.getByLabel("Own formula").inputValue(), "__import__('os')");
  await own.getByLabel("Own formula").fill("sqrt(x1)");
  await own.getByLabel("Own formula").press("Enter");
  await own.locator("form .problem").filter({ hasText: "finite" }).waitFor();
  await own.getByLabel("Own formula").fill("sqrt(abs(x1))");
  await own.getByLabel("Own formula").press("Enter");
  await own.locator('[data-neuron="-1,5"]').waitFor();
  assert.equal(await own.getByLabel("Own formula").inputValue(), "");
  await own.context().close();
});

test("many classes: a map of classes and a confusion matrix", async () => {
  const many = await tab();
  await many.getByLabel("Known tables").selectOption("iris");
  await until("three outputs", async () => (await many.locator('[data-neuron="2,2"]').count()) === 1);
  await step("t", 10, many);
  await many.locator('[data-chart="confusion"]').click();
  await until("the matrix", async () => (await many.locator(".matrix").count()) === 2);
  const counts = (await many.locator(".matrix").first().locator("td").allInnerTexts()).map(Number);
  assert.equal(counts.length, 9);
  assert.equal(
    counts.reduce((a, b) => a + b, 0),
    105,
  );
  for (const chart of ["histograms", "norms", "surface", "warp"]) {
    await many.locator(`[data-chart="${chart}"]`).click();
    await many.locator("#chart canvas").first().waitFor();
  }
  await many.context().close();
});

test("each card of the course sets the page up, and lights up what it speaks of", async () => {
  const course = await tab();
  await course.getByRole("button", { name: "Course" }).click();
  const seen = [];
  for (;;) {
    await course.locator('[data-test="card-setup"]').click();
    await course.waitForTimeout(150);
    const card = await course.locator(".course").getAttribute("data-card");
    seen.push(card);
    await until(`${card} lit`, async () => (await course.locator("[data-lit]").count()) === 1);
    await until(`${card} ready`, async () => /\d/.test(await text('[data-test="loss"]', course)));
    assert.equal(await course.locator(".problems").count(), 0, card);
    assert.deepEqual(await course.locator(".notices p").allInnerTexts(), [], card);
    const next = course.getByRole("button", { name: "Next", exact: true });
    if (await next.isDisabled()) break;
    await next.click();
  }
  assert.equal(seen.length, 11);
  assert.equal(new Set(seen).size, 11);
  await course.context().close();
});

test("everything is reached with the keyboard", async () => {
  const keys = await tab();
  const focused = () =>
    keys.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
    );
  let reached = "";
  for (let press = 0; press < 4 && reached !== "Play"; press++) {
    await keys.keyboard.press("Tab");
    reached = await focused();
  }
  assert.equal(reached, "Play");
  await keys.keyboard.press("Enter");
  await until("training", async () => (await epoch(keys)) > 3);
  await keys.keyboard.press("Enter");
  await keys.locator('[data-neuron="-1,0"]').focus();
  await keys.keyboard.press("ArrowRight");
  assert.match(await focused(), /^Neuron . of layer 1/);
  await keys.keyboard.press("ArrowDown");
  await keys.keyboard.press("ArrowRight");
  assert.match(await focused(), /^Neuron . of layer 2/);
  await keys.locator("h1").click();
  await keys.keyboard.press("1");
  await keys.locator(".step").waitFor();
  await keys.keyboard.press(".");
  assert.equal(await keys.locator(".step").getAttribute("data-stage"), "loss");
  await keys.keyboard.press("?");
  await keys.locator("dialog[open]").waitFor();
  await keys.keyboard.press("Escape");
  await keys.context().close();
});

test("the same module draws itself on any model of anywidget's shape, light or dark", async () => {
  const host = await tab();
  const drawn = await host.evaluate(async () => {
    const { default: widget } = await import("/static/page.js");
    const el = document.createElement("div");
    document.body.append(el);
    const sent = [];
    const listeners = {};
    const model = {
      get: () => undefined,
      set() {},
      save_changes() {},
      on: (event, listener) => (listeners[event] = listener),
      off() {},
      send: (content) => sent.push(content),
    };
    const end = widget.render({ model, el });
    await new Promise((resolve) => setTimeout(resolve, 200));
    el.querySelector('[aria-label="Play"]').click();
    const parts = [".topbar", ".network", ".output", ".charts"].filter((part) => el.querySelector(part)).length;
    end();
    el.remove();
    return { parts, sent, heard: Object.keys(listeners) };
  });
  assert.equal(drawn.parts, 4);
  assert.deepEqual(drawn.sent, [{ kind: "play" }]);
  assert.ok(drawn.heard.includes("msg:custom") && drawn.heard.includes("change:settings"));
  const theme = () => host.locator(".pellucid-workbench").first().getAttribute("data-theme");
  assert.equal(await theme(), "light");
  await host.getByRole("button", { name: /^Colours/ }).click();
  await host.getByRole("button", { name: /^Colours: light/ }).click();
  assert.equal(await theme(), "dark");
  await host.reload();
  await until("dark again", async () => (await theme()) === "dark");
  await host.context().close();
});

test("a bias is read and chosen in the drawing, and batches are counted", async () => {
  const own = await tab();
  await own.keyboard.press("b");
  await own.locator(".standing small").filter({ hasText: "+ 1" }).waitFor();
  const box = await own.locator('[data-neuron="0,0"]').boundingBox();
  const [x, y] = [box.x - 6, box.y + box.height - 5];
  await own.mouse.move(x, y);
  const tip = own.locator(".links .tip");
  await tip.filter({ hasText: /^b₁ = / }).waitFor();
  const shown = value((await tip.innerText()).split("=")[1]);
  await own.mouse.click(x, y);
  const edited = value(await own.getByLabel("Value of b₁").inputValue());
  await own.mouse.click(x, y + (await own.locator('[data-neuron="0,1"]').boundingBox()).y - box.y);
  await own.locator('input[aria-label="Value of b₂"]:focus').waitFor(); // and typing goes there
  assert.ok(Math.abs(shown - edited) <= 1e-3 * Math.abs(edited) + 1e-4, `${shown} and ${edited}`);
  await own.context().close();
});

test("the inputs of a known table are chosen by its columns' names", async () => {
  const own = await tab();
  await own.locator("#listed-source").selectOption("iris");
  await until("four inputs", async () => (await own.locator('[data-neuron^="-1,"]').count()) === 4);
  await own.getByRole("button", { name: "Choose or make some" }).click();
  await own.getByRole("button", { name: "sepal width (cm)", exact: true }).click();
  await until("three inputs", async () => (await own.locator('[data-neuron^="-1,"]').count()) === 3);
  assert.equal(await own.locator(".problems").count(), 0);
  await own.context().close();
});

test("axe finds nothing serious: light and dark, drawers, course, dialogs, small screen", async () => {
  const check = async (where, what) => {
    await where.evaluate(AXE);
    const rules = { "label-content-name-mismatch": { enabled: true } };
    const { violations } = await where.evaluate(
      (rules) => window.axe.run(document, { resultTypes: ["violations"], rules }),
      rules,
    );
    const serious = violations.filter((each) => each.impact === "serious" || each.impact === "critical");
    assert.deepEqual(
      serious.map(
        (each) =>
          `${what}: ${each.id}: ${each.nodes
            .slice(0, 3)
            .map((node) => node.html.slice(0, 160))
            .join(" | ")}`,
      ),
      [],
    );
  };
  for (const colorScheme of ["light", "dark"]) {
    const seen = await tab({ colorScheme });
    await seen.keyboard.press("e");
    await seen.getByRole("button", { name: "Course" }).click();
    await seen.locator('[data-neuron="0,0"]').click();
    await seen.waitForTimeout(300);
    await check(seen, `${colorScheme}, course`);
    for (const chart of ["confusion", "histograms", "norms", "surface", "warp"]) {
      await seen.locator(`[data-chart="${chart}"]`).click();
      await seen.waitForTimeout(500);
      await check(seen, `${colorScheme}, ${chart}`);
    }
    for (const drawer of colorScheme === "light" ? ["step", "compare", "wall"] : ["step"]) {
      await seen.locator(`[data-drawer="${drawer}"]`).click();
      await seen.waitForTimeout(400);
      await check(seen, `${colorScheme}, ${drawer}`);
      if (drawer !== "step") continue;
      await seen.locator('.stages [data-stage="update"]').click();
      await seen.locator(".step-table td").first().waitFor();
      await check(seen, `${colorScheme}, update`);
    }
    if (colorScheme === "light") {
      await seen.getByLabel("Epochs of the wall").fill("3");
      await seen.getByLabel("Epochs of the wall").press("Enter");
      await seen.locator('[data-test="wall-start"]').click();
      await seen.locator(".cell-map").first().waitFor();
      await seen.waitForTimeout(1500);
      await check(seen, "a wall");
    }
    await seen.context().close();
  }
  const small = await tab({ width: 390, height: 800 });
  await small.getByLabel("Speed").selectOption("10");
  await small.getByRole("button", { name: "Paste…" }).click();
  await check(small, "small, dialog");
  assert.ok(
    await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth + 1),
    "the small page does not scroll sideways",
  );
  await small.context().close();
});

test("nothing is cut off at the side of a small laptop's screen", async () => {
  const small = await tab({ width: 1280, height: 800 });
  const reaches = (where) =>
    small.locator(where).evaluate((each) => [each.scrollWidth <= each.clientWidth, each.scrollWidth, each.clientWidth]);
  await small.locator('[data-drawer="step"]').click();
  await small.locator(".numbers-column").nth(2).locator("button.cell").first().click();
  await small.locator('.stages [data-stage="backward"]').click();
  const bars = small.locator(".contributions .bar-row").first();
  await bars.waitFor();
  const [seen, place] = [await small.locator(".drawer-body").boundingBox(), await bars.boundingBox()];
  assert.ok(place.y + place.height <= seen.y + seen.height, "what a row adds is seen without scrolling");
  await small.keyboard.press("Escape");
  await small.getByRole("button", { name: "Paste…" }).click();
  const rows = Array.from({ length: 40 }, (_, row) => `${row};${row % 7};${row * 2.5}`);
  await small.locator("textarea").fill(["a;b;c", ...rows].join("\n"));
  await small.getByRole("button", { name: "Use it" }).click();
  await small.getByRole("button", { name: "Columns…" }).waitFor();
  for (const where of [".panels", ".results", ".tabs"]) {
    const [fits, wide, width] = await reaches(where);
    assert.ok(fits, `${where} is ${wide} wide in ${width}`);
  }
  await small.context().close();
});

test("text is larger on a large screen, and nothing is cut off there", async () => {
  const large = await tab({ width: 2560, height: 1440 });
  const size = (where) => large.locator(where).first().evaluate((each) => Number.parseFloat(getComputedStyle(each).fontSize));
  assert.ok((await size(".field > label")) > 16);
  for (const where of [".topbar", ".panels", ".results", ".tabs", ".centre"]) {
    const [wide, width] = await large.locator(where).evaluate((each) => [each.scrollWidth, each.clientWidth]);
    assert.ok(wide <= width, `${where} is ${wide} wide in ${width}`);
  }
  await large.setViewportSize({ width: 1280, height: 800 });
  await until("text as on a laptop", async () => (await size(".field > label")) < 14);
  await large.context().close();
});

test("a network with a scale of its inputs and the NTK parametrisation is shown, step and all", async () => {
  const settings = { network: { input_scale: true, parametrization: "ntk" } };
  const address = new URL(ADDRESS);
  address.hash = `s=${deflateRawSync(JSON.stringify(settings)).toString("base64url")}`;
  const shown = await tab({ address: address.href });
  const before = await settledLoss(shown);
  await step("t", 10, shown);
  assert.ok((await loss(shown)) < before);
  await shown.getByRole("button", { name: "Add a neuron to layer 1" }).click();
  await until("five neurons", async () => (await shown.locator('[data-neuron="0,4"]').count()) === 1);
  await shown.locator('[data-drawer="step"]').click();
  await shown.locator(".formula").first().waitFor();
  assert.match(await text(".step .formulas", shown), /inputs/);
  assert.deepEqual(await shown.locator(".notices p").allInnerTexts(), []);
  await shown.context().close();
});

test("no error, no breach of the content policy, no request to another host", () => {
  assert.deepEqual(troubles, []);
});
