import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangement } from "../src/arrangement.ts";
import { classColour, diverging, divergingTable, inkOn } from "../src/colour.ts";
import { inputOf, starts, together } from "../src/embedded.ts";
import { count, day, featureName, number, onAxis, parse, percent, weightName } from "../src/format.ts";
import { fromFragment, toFragment } from "../src/fragment.ts";
import { History } from "../src/history.ts";
import { biasAt, biasPlace, curveAt, drawing, linkAt, strongest } from "../src/layout.ts";
import { listed } from "../src/listed.ts";
import { parseNotation, plain } from "../src/notation.ts";
import { writeMap, writeScaled } from "../src/paint.ts";
import { differences, insertLayer, path, removeLayer, resizeLayer, valueAt, withValue } from "../src/settings.ts";
import { shapeOf } from "../src/shapes.tsx";
import { SETTINGS } from "./fake.ts";

test("numbers are written as people read them", () => {
  const written = [0, -0.123456, 2, 1234.5678, 1e-7, 123456789, 0.1 + 0.2, -1e-300, 1e4].map((value) => number(value));
  assert.deepEqual(written, ["0", "−0.1235", "2", "1235", "1e−7", "1.235e8", "0.3", "−1e−300", "10000"]);
  assert.deepEqual([number(null), number(NaN), number(Infinity), number(-Infinity)], ["–", "–", "∞", "−∞"]);
  assert.equal(percent(0.98765), "98.8 %");
  assert.equal(count(1234567), "1\u2009234\u2009567");
});

test("a map is written with the screen's pixels, mixed where it has fewer or more", () => {
  const table = Uint32Array.from({ length: 256 }, (_, value) => value);
  const written = (data: number[], size: number, edge: number, discrete = false) => {
    const pixels = new Uint32Array(edge * edge);
    writeScaled(pixels, edge, 0, 0, edge, Uint8Array.from(data), size, table, discrete);
    return [...pixels];
  };
  assert.deepEqual(written([1, 2, 3, 4], 2, 2), [3, 4, 1, 2]); // the lowest row is last
  const plain = new Uint32Array(4);
  writeMap(plain, 2, 0, 0, Uint8Array.from([1, 2, 3, 4]), 2, table, false);
  assert.deepEqual([...plain], [3, 4, 1, 2]);
  assert.deepEqual(written([0, 100, 0, 100], 2, 4).slice(0, 4), [0, 25, 75, 100]);
  assert.deepEqual(written([0, 0, 200, 200], 2, 4).filter((_, place) => place % 4 === 0), [200, 150, 50, 0]);
  assert.deepEqual(written(Array.from({ length: 81 }, () => 255), 9, 5), Array.from({ length: 25 }, () => 255));
  assert.deepEqual(written([0, 255, 0, 255], 2, 4, true).slice(0, 4), [29, 29, 226, 226]);
});

test("the wall's networks stand where there is room for them", () => {
  const grid = (...counts: number[]) =>
    counts.reduce<string[][]>(
      (all, count) => all.flatMap((each) => Array.from({ length: count }, (_, place) => [...each, `${place}`])),
      [[]],
    );
  const wide = (table: ReturnType<typeof arrangement>) =>
    Math.max(...table.places.map((place) => place.column)) - 1;
  const beside = arrangement(grid(3, 6, 7), 24);
  assert.deepEqual([beside.axes, beside.beside, wide(beside)], [{ column: 2, row: 1, block: 0 }, 3, 23]);
  const below = arrangement(grid(5, 6, 6), 24);
  assert.deepEqual([below.axes.column, below.beside, wide(below)], [2, 3, 20]); // with gaps
  const turned = arrangement(grid(2, 3, 33), 24);
  assert.deepEqual([turned.axes, turned.beside, wide(turned)], [{ column: 1, row: 2, block: 0 }, 2, 7]);
  assert.deepEqual(wide(arrangement(grid(2, 100), 24)), 2);
  assert.deepEqual(wide(arrangement(grid(200), 24)), 200);
  assert.deepEqual(wide(arrangement(grid(5, 6, 6), 4)), 5); // nothing fits: the narrowest
  for (const counts of [[3, 6, 7], [5, 6, 6], [2, 3, 33], [2, 100], [30]])
    for (const room of [4, 24, Infinity]) {
      const { places } = arrangement(grid(...counts), room);
      assert.equal(new Set(places.map((place) => `${place.row},${place.column}`)).size, places.length);
    }
});

test("a list of values is read; what is none of them is named, with the rule", () => {
  assert.deepEqual(listed("numbers", "0.1; 1e-3;0.1; "), { values: ["0.1", "1e-3"], problem: "" });
  assert.deepEqual(listed("shapes", "4; 8 8; 4×2").values, ["4", "8 8", "4×2"]);
  assert.match(listed("numbers", "0.1; abc; 1").problem, /^“abc” is no number\. Numbers are parted by semicolons/);
  assert.match(listed("numbers", "0.1, 0.3, 1").problem, /^“0.1, 0.3, 1” is no number/);
  assert.match(listed("shapes", "4; x; 0").problem, /^“x”, “0” are no networks/);
  assert.match(listed("numbers", " ; ").problem, /^There is no value/);
});

test("what people type is read, and what is no number is not", () => {
  assert.deepEqual(["1,5", " −2 ", "1e-3", "", "abc", "1 2"].map(parse), [1.5, -2, 0.001, null, null, null]);
  for (const value of [0.1, -3.25, 1e-9, 12345.678])
    assert.ok(Math.abs(parse(number(value, 12))! - value) <= 1e-11 * Math.abs(value));
});

test("features are written as in books", () => {
  assert.deepEqual(["x1", "x1^2", "x1*x2", "sin(x1)", "alcohol"].map(featureName), [
    "x₁",
    "x₁²",
    "x₁\u2009·\u2009x₂",
    "sin(x₁)",
    "alcohol",
  ]);
});

test("settings come back from a fragment exactly; garbage gives null", async () => {
  const fragment = await toFragment({ ...SETTINGS, odd: "ü ∂ 日本 <script>" });
  assert.match(fragment, /^#s=[A-Za-z0-9_-]+$/);
  assert.deepEqual(await fromFragment(fragment), { ...SETTINGS, odd: "ü ∂ 日本 <script>" });
  for (const broken of [
    "",
    "#",
    "#s=",
    "#s=!!!",
    "#s=AAAA",
    fragment.slice(0, -9),
    await toFragment([1]),
    await toFragment("text"),
    await toFragment(null),
  ])
    assert.equal(await fromFragment(broken), null);
});

test("settings are changed without touching the old ones", () => {
  const changed = withValue(SETTINGS, path("network.layers.1.width"), 7);
  assert.equal(valueAt(changed, path("network.layers.1.width")), 7);
  assert.equal(SETTINGS.network.layers[1]!.width, 2);
  assert.equal(changed.data, SETTINGS.data);
  const wider = insertLayer(SETTINGS as any, 2);
  assert.deepEqual(
    wider.network.layers.map((layer) => layer.width),
    [4, 2, 2],
  );
  assert.deepEqual(
    insertLayer(SETTINGS as any, 0).network.layers.map((layer) => layer.width),
    [4, 4, 2],
  );
  assert.deepEqual(
    removeLayer(SETTINGS as any, 0).network.layers.map((layer) => layer.width),
    [2],
  );
  assert.equal(resizeLayer(SETTINGS as any, 0, 99).network.layers[0]!.width, 64);
  assert.equal(resizeLayer(SETTINGS as any, 0, 0).network.layers[0]!.width, 1);
  let many = SETTINGS as any;
  for (let round = 0; round < 20; round++) many = insertLayer(many, 0);
  assert.equal(many.network.layers.length, 12);
});

test("differences name each leaf that differs", () => {
  const other = withValue(withValue(SETTINGS, path("training.learning_rate"), 0.1), path("network.layers.0.width"), 5);
  assert.deepEqual(
    differences(SETTINGS, other).map((each) => each.path),
    ["network.layers", "training.learning_rate"],
  );
  assert.deepEqual(differences(SETTINGS, structuredClone(SETTINGS)), []);
});

test("a history is bounded, evenly spread, and cut when time goes back", () => {
  const history = new History(100);
  const row = (epoch: number, train: number) => [epoch, train, NaN, 0, 0, 0, 0, epoch, 0];
  for (let epoch = 0; epoch < 5000; epoch++) history.add(row(epoch, epoch % 10 ? NaN : 1 / (epoch + 1)), 9);
  assert.ok(history.rows.length <= 100);
  assert.equal(history.rows[0]![0], 0);
  assert.equal(history.column("epoch").at(-1), 4999);
  const epochs = history.column("epoch") as number[];
  const gaps = epochs.slice(1).map((epoch, place) => epoch - epochs[place]!);
  assert.ok(Math.min(...gaps) > 0 && Math.max(...gaps) < 300, `gaps up to ${Math.max(...gaps)}`);
  assert.ok(history.column("train").filter((value) => value !== null).length > 25);
  assert.equal(history.column("validation").at(-1), null);
  history.add(row(2000, 7), 9);
  assert.equal(history.column("epoch").at(-1), 2000);
  assert.equal(history.column("train").at(-1), 7);
  history.add(row(2001, NaN), 9);
  assert.equal(history.column("train").at(-1), null);
});

test("every neuron of [8]×6 has a place of its own, within the drawing", () => {
  for (const [widths, width, height] of [
    [[2, 8, 8, 8, 8, 8, 8, 1], 800, 600],
    [[2, ...Array(12).fill(64), 1], 700, 500],
    [[64, 10], 360, 300],
  ] as const) {
    const plan = drawing(widths, width, height, 40);
    assert.equal(plan.columns.length, widths.length);
    plan.columns.forEach((column, place) => {
      assert.equal(column.places.length, widths[place]);
      assert.equal(column.layer, place - 1);
      for (const { x, y } of column.places)
        assert.ok(
          x - column.size / 2 >= 0 &&
            x + column.size / 2 <= plan.width &&
            y - column.size / 2 >= -1 &&
            y + column.size / 2 <= height + 1,
        );
      column.places.forEach((each, index) =>
        assert.ok(index === 0 || each.y - column.places[index - 1]!.y >= column.size),
      );
    });
  }
});

test("beyond 12 × 64 the drawing is a summary", () => {
  const plan = drawing([2, 200, ...Array(20).fill(3), 1], 900, 500);
  assert.equal(plan.columns.length, 14);
  assert.equal(plan.columns[1]!.places.length, 16);
  assert.equal(plan.columns[1]!.more, 184);
  assert.equal(plan.columns[13]!.layer, 21);
});

test("an embedded input's links are as strong as its features' weights together", () => {
  const weights = Float32Array.from([3, 0, -4, 1, 2, -2]); // three features by two neurons
  assert.deepEqual([...together(weights, 2, [2, 1])], [5, 1, 2, 2]);
  assert.deepEqual(starts([2, 1, 4]), [0, 2, 3]);
  assert.deepEqual(
    [0, 1, 2, 6].map((feature) => inputOf([2, 1, 4], feature)),
    [0, 0, 1, 2],
  );
});

test("a weight is named as in the formulas", () => {
  assert.deepEqual([weightName(0, 1), weightName(9, 0)], ["w₁₂", "w₁₀,₁"]);
  assert.equal(plain(parseNotation("∂basis₁/∂ω₁·∂ℓ/∂basis₁")), "{∂basis_1}/{∂ω_1}·{∂ℓ}/{∂basis_1}");
  assert.equal(plain(parseNotation("1 / √(inputs)·(x₁·w₁₁)")), "{1}/{√{inputs}}·(x_1·w_11)");
});

test("the link under the pointer is found along its curve", () => {
  const plan = drawing([2, 3, 1], 600, 400);
  const [left, right] = [plan.columns[0]!, plan.columns[1]!];
  for (const share of [0.1, 0.5, 0.9])
    for (const from of left.places)
      for (const to of right.places) {
        const [start, end] = [left.x + left.size / 2, right.x - right.size / 2];
        const y = from.y + (to.y - from.y) * curveAt(share);
        const found = linkAt(plan, start + share * (end - start), y, 0.5);
        assert.ok(found);
        const again =
          left.places[found.from]!.y + (right.places[found.to]!.y - left.places[found.from]!.y) * curveAt(share);
        assert.ok(Math.abs(again - y) < 0.5);
      }
  assert.equal(linkAt(plan, left.x, left.places[0]!.y), null);
  assert.equal(linkAt(plan, 5, 5), null);
});

test("of many links only the strongest are kept", () => {
  const values = Float32Array.from({ length: 1000 }, (_, place) => (place % 2 ? place : -place));
  const kept = strongest(values, 10)!;
  assert.deepEqual([...kept], [990, 991, 992, 993, 994, 995, 996, 997, 998, 999]);
  assert.equal(strongest(values, 1000), null);
});

test("colours: orange below, blue above, the middle in between", () => {
  const table = divergingTable("light");
  const red = (pixel: number) => pixel & 255;
  const blue = (pixel: number) => (pixel >> 16) & 255;
  assert.ok(red(table[0]!) > blue(table[0]!) && blue(table[255]!) > red(table[255]!));
  assert.ok(Math.abs(red(table[127]!) - blue(table[127]!)) < 12);
  assert.equal(diverging("light", 5), diverging("light", 1));
  assert.equal(new Set(Array.from({ length: 10 }, (_, place) => classColour("dark", place))).size, 10);
  for (const value of [-1.3, 2.5, NaN]) assert.match(classColour("light", value), /^rgb/); // of a regression's points
});

const NOTATION: [string, string][] = [
  ["z₁", "z_1"],
  ["δ₁⁽²⁾", "δ_1^(2)"],
  ["w₁,₁₂", "w_1,12"],
  ["x₁·w₁₁ + b₁", "x_1·w_11+b_1"],
  ["(−1.5)·0.25", "(−1.5)·0.25"],
  ["1.5e−7", "1.5e−7"],
  ["∂L/∂w₁₁", "{∂L}/{∂w_11}"],
  ["1 / (1 + exp(−z₁))", "{1}/{1+exp(−z_1)}"],
  ["√(s) + ε", "√{s}+ε"],
  ["η·√(1 − β₂^t) / (1 − β₁^t)·new m / (√(new s) + ε)", "η·{√{1−β_2^t}}/{1−β_1^t}·{new\u2009m}/{√{new\u2009s}+ε}"],
  ["g′(z₁)·(w₁₁⁽²⁾·δ₁⁽²⁾)", "g′(z_1)·(w_11^(2)·δ_1^(2))"],
  ["a₁²", "a_1^2"],
  ["t0 + [1 smaller]", "t0+[1smaller]"],
  ["max(0, z₁)", "max(0,z_1)"],
  ["û₁", "û_1"],
];

test("the textbook's notation is read into what MathML shows", () => {
  for (const [text, expected] of NOTATION) assert.equal(plain(parseNotation(text)), expected, text);
});

test("no text breaks the reader, and it always ends", () => {
  const letters = [..."z₁₂⁽²⁾·+−/()[]√∂ exp 0.5e−7,^′=‖|∑🙂"];
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 3000; round++) {
    const text = Array.from(
      { length: Math.floor(random() * 24) },
      () => letters[Math.floor(random() * letters.length)],
    ).join("");
    assert.equal(typeof plain(parseNotation(text)), "string");
  }
});

test("numbers on an axis have as many digits as its span needs", () => {
  assert.deepEqual(
    [-7040.3, 95040].map((value) => onAxis(value, 102_080)),
    ["−7000", "95000"],
  );
  assert.deepEqual(
    [0.70812, 0.70822].map((value) => onAxis(value, 0.0001)),
    ["0.70812", "0.70822"],
  );
  assert.deepEqual([onAxis(0.3, 0), onAxis(-6, 12), onAxis(1e-20, 1e-19)], ["0.3", "−6", "1e−20"]);
});

test("a day is told by its date", () => {
  assert.deepEqual([day(0), day(19782.4), day(-1)], ["1970-01-01", "2024-02-29", "1969-12-31"]);
  assert.equal(day(1e15), "1e15");
});

test("a bias is found where it is drawn, and nothing else there", () => {
  const plan = drawing([2, 3, 1], 600, 400);
  const [layer, output] = [plan.columns[1]!, plan.columns[2]!];
  for (const [place, size] of [...layer.places.map((each) => [each, layer.size] as const), [output.places[0]!, output.size] as const]) {
    const at = biasPlace(place, size)!;
    assert.equal(biasAt(plan, at.x + 2, at.y - 2), place);
    assert.equal(biasAt(plan, at.x - 2 * at.radius, at.y), null);
  }
  assert.equal(biasPlace(plan.columns[0]!.places[0]!, 50), null);
});

const channel = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

function luminance(colour: string): number {
  if (colour.startsWith("#")) return colour === "#fff" ? 1 : 0;
  const [red, green, blue] = colour.match(/\d+/g)!.map((each) => Number(each) / 255);
  return 0.2126 * channel(red!) + 0.7152 * channel(green!) + 0.0722 * channel(blue!);
}

/** How well a colour is told from another by its lightness alone, as WCAG counts it: 1 to 21. */
function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

test("ink is read on every colour of the table", () => {
  for (const theme of ["light", "dark"] as const)
    for (let value = -0.8; value <= 0.8; value += 0.05) {
      const found = contrast(diverging(theme, value), inkOn(theme, value));
      assert.ok(found >= 4.5, `${found} at ${value} in ${theme}`);
    }
});

test("what is told apart by colour is told apart in grey, too, and classes by their shapes", () => {
  const classes = [0, 1, 2, 3, 4];
  assert.equal(new Set(classes.map((place) => JSON.stringify(shapeOf(place)))).size, 5);
  assert.deepEqual([shapeOf(5), shapeOf(NaN), shapeOf(-1.2)], [shapeOf(0), shapeOf(0), shapeOf(1)]);
  for (const theme of ["light", "dark"] as const) {
    assert.ok(contrast(diverging(theme, -1), diverging(theme, 1)) > 1.8);
    for (const one of classes)
      for (const other of classes.slice(one + 1)) {
        const found = contrast(classColour(theme, one), classColour(theme, other));
        assert.ok(found > 1.15, `${found} between ${one} and ${other} in ${theme}`);
      }
  }
});
