// Painting on canvases: maps, links, points.
import { type Theme, classTable, diverging, divergingTable, pointColour } from "./colour.ts";
import { inputOf, together } from "./embedded.ts";
import { type Drawing, biasPlace, strongest } from "./layout.ts";
import { shapeOf, trace } from "./shapes.tsx";
import { type Live, MAP_KEY, type Points } from "./store.ts";
import type { Dataset, Run } from "./types.ts";
import type { NumberArray } from "./wire.ts";

const TABLES = { light: divergingTable("light"), dark: divergingTable("dark") };
const SOFT_TABLES = { light: divergingTable("light", 0.62), dark: divergingTable("dark", 0.66) };
const CLASS_TABLES = new Map<string, Uint32Array>();
const SHADES = 32;
const MOST_LINKS = 800;
const SOLID: number[] = [];
const FROZEN = [2, 5];
/** Links of embedded inputs, of whose sign there is nothing to say. */
const TOGETHER: Record<Theme, string> = { light: "#8a8f98b3", dark: "#98a1adb3" };
const STYLES: Record<Theme, string[]> = { light: shades("light"), dark: shades("dark") };

/** Colours of links: from strongly negative to strongly positive, the weak ones fainter but never lost. */
function shades(theme: Theme): string[] {
  return Array.from({ length: 2 * SHADES + 1 }, (_, place) => {
    const value = place / SHADES - 1;
    return diverging(theme, Math.sign(value) * (0.3 + 0.6 * Math.abs(value)));
  });
}

function classPixels(theme: Theme, index: number): Uint32Array {
  const key = `${theme}${index}`;
  let table = CLASS_TABLES.get(key);
  if (!table) CLASS_TABLES.set(key, (table = classTable(theme, index)));
  return table;
}

export function scratch(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext("2d", { willReadFrequently: false })!;
}

/** Pixels of the screen for one of the page, no more than 2. */
export const sharpness = (): number => Math.min(devicePixelRatio || 1, 2);

/** Make a canvas as sharp as the screen; true if it was changed and lies empty. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): boolean {
  const ratio = sharpness();
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width === w && canvas.height === h) return false;
  canvas.width = w;
  canvas.height = h;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return true;
}

/** Write a square map, lowest row first, into pixels, lowest row last. */
function writeMap(
  pixels: Uint32Array,
  stride: number,
  left: number,
  top: number,
  data: Uint8Array,
  size: number,
  table: Uint32Array,
  discrete: boolean,
): void {
  for (let row = 0; row < size; row++) {
    let to = (top + size - 1 - row) * stride + left;
    const end = (row + 1) * size;
    if (discrete) for (let from = row * size; from < end; from++) pixels[to++] = table[data[from]! > 127 ? 226 : 29]!;
    else for (let from = row * size; from < end; from++) pixels[to++] = table[data[from]!]!;
  }
}

/** Two neighbours of each pixel of a larger or smaller edge, and how much the second counts, of 256. */
interface Steps {
  low: Int32Array;
  high: Int32Array;
  share: Int32Array;
}

const STEPS = new Map<number, Steps>();

function stepsOf(size: number, edge: number): Steps {
  const key = size * 4096 + edge;
  let found = STEPS.get(key);
  if (!found) {
    found = { low: new Int32Array(edge), high: new Int32Array(edge), share: new Int32Array(edge) };
    for (let at = 0; at < edge; at++) {
      const place = Math.max(0, Math.min(size - 1, ((at + 0.5) * size) / edge - 0.5));
      found.low[at] = Math.floor(place);
      found.high[at] = Math.min(size - 1, found.low[at]! + 1);
      found.share[at] = Math.round((place - found.low[at]!) * 256);
    }
    STEPS.set(key, found);
  }
  return found;
}

/** Write a square map as in `writeMap`, so many pixels a side: values between the map's are mixed of their neighbours. */
export function writeScaled(
  pixels: Uint32Array,
  stride: number,
  left: number,
  top: number,
  edge: number,
  data: Uint8Array,
  size: number,
  table: Uint32Array,
  discrete: boolean,
): void {
  if (size === edge) return writeMap(pixels, stride, left, top, data, size, table, discrete);
  const { low, high, share } = stepsOf(size, edge);
  if (mixed.length < size * edge) mixed = new Int32Array(size * edge);
  for (let row = 0, to = 0; row < size; row++)
    for (let column = 0; column < edge; column++) {
      const value = data[row * size + low[column]!]!;
      mixed[to++] = (value << 8) + (data[row * size + high[column]!]! - value) * share[column]!;
    }
  for (let row = 0; row < edge; row++) {
    const up = share[row]!;
    let to = (top + edge - 1 - row) * stride + left;
    for (let first = low[row]! * edge, second = high[row]! * edge, end = first + edge; first < end; ) {
      const below = mixed[first++]!;
      const value = ((below << 8) + (mixed[second++]! - below) * up + 32768) >> 16;
      pixels[to++] = table[discrete ? (value > 127 ? 226 : 29) : value]!;
    }
  }
}

/** Rows of a map with their values mixed across, times 256. */
let mixed = new Int32Array(0);

/** The maps of one column, as the screen has their pixels. */
interface Strip {
  image: ImageData;
  pixels: Uint32Array;
  left: number;
  top: number;
  /** Pixels of a map's side, its border included, and of the border. */
  edge: number;
  border: number;
  maps: { layer: number; neuron: number; top: number }[];
}

const LINE: Record<Theme, string> = { light: "#a5a9b0", dark: "#5a626d" };
const PAPER: Record<Theme, string> = { light: "#fffefc", dark: "#161a20" };
const EMPTY: Record<Theme, string> = { light: "#eceae5", dark: "#2a2f37" };

/** A colour such as #a5a9b0 as a pixel. */
const pixelOf = (colour: string): number =>
  (0xff000000 | (parseInt(colour.slice(5, 7), 16) << 16) | (parseInt(colour.slice(3, 5), 16) << 8) | parseInt(colour.slice(1, 3), 16)) >>> 0;

/** All maps of a frame, a bitmap a column: each is put onto the canvas as it is, so that nothing is scaled or mixed. */
export class Strips {
  private strips: Strip[] = [];
  private key: unknown[] = [];

  /** Write the maps of a frame and put them onto the canvas. */
  paint(context: CanvasRenderingContext2D, painting: NetworkPainting): void {
    const { plan, live, run, theme, discrete } = painting;
    this.prepare(plan, theme, context.canvas.width / plan.width);
    const table = TABLES[theme];
    const empty = pixelOf(EMPTY[theme]);
    for (const { image, pixels, left, top, edge, border, maps } of this.strips) {
      const inner = edge - 2 * border;
      for (const { layer, neuron, top: above } of maps) {
        const map = live.maps.get(MAP_KEY(layer, neuron));
        const output = layer === run.widths.length - 2 && live.outputKind !== "classes" ? live.output : null;
        const [x, y] = [border, above + border];
        if (map) writeScaled(pixels, edge, x, y, inner, map.data, map.size, table, discrete);
        else if (output)
          // the only output's map is the output's own
          writeScaled(pixels, edge, x, y, inner, output.data as Uint8Array, output.shape.at(-1)!, table, discrete);
        else for (let row = y; row < y + inner; row++) pixels.fill(empty, row * edge + x, row * edge + x + inner);
      }
      context.putImageData(image, left, top);
    }
  }

  /** Make the bitmaps anew where the drawing has changed. */
  private prepare(plan: Drawing, theme: Theme, ratio: number): void {
    const key = [plan, theme, ratio];
    if (key.every((each, place) => each === this.key[place])) return;
    this.key = key;
    this.strips = plan.columns.map((column) => {
      const edge = Math.max(1, Math.round(column.size * ratio));
      const border = column.size >= 10 ? Math.max(1, Math.round(ratio)) : 0;
      const tops = column.places.map(({ y }) => Math.round((y - column.size / 2) * ratio));
      const top = tops[0]!;
      const image = new ImageData(edge, tops[tops.length - 1]! + edge - top);
      const pixels = new Uint32Array(image.data.buffer).fill(pixelOf(PAPER[theme]));
      const maps = column.places.map(({ layer, neuron }, place) => ({ layer, neuron, top: tops[place]! - top }));
      if (border) for (const map of maps) pixels.fill(pixelOf(LINE[theme]), map.top * edge, (map.top + edge) * edge);
      return { image, pixels, left: Math.round((column.x - column.size / 2) * ratio), top, edge, border, maps };
    });
  }
}

export interface NetworkPainting {
  plan: Drawing;
  live: Live;
  run: Run;
  theme: Theme;
  discrete: boolean;
  links: "weights" | "gradients";
  chosen: { layer: number; from: number; to: number } | null;
  strips: Strips;
  /** Features that each input becomes, where inputs are embedded. */
  counts: number[] | null;
}

/** Paint links and biases, then maps; without links only the maps, over those that are there. */
export function paintNetwork(canvas: HTMLCanvasElement, painting: NetworkPainting, links = true): void {
  const { plan } = painting;
  const empty = fit(canvas, plan.width, plan.height);
  const context = canvas.getContext("2d", { alpha: false })!;
  const ratio = canvas.width / plan.width;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (links || empty) {
    context.fillStyle = PAPER[painting.theme];
    context.fillRect(0, 0, plan.width, plan.height);
    paintLinks(context, painting);
    paintBiases(context, painting);
  }
  painting.strips.paint(context, painting);
  paintBadges(context, painting);
}

function paintLinks(
  context: CanvasRenderingContext2D,
  { plan, live, run, theme, links, chosen, counts }: NetworkPainting,
): void {
  const values = (links === "gradients" ? live.gradients : null) ?? live.parameters;
  if (!values) return;
  for (let place = 1; place < plan.columns.length; place++) {
    const left = plan.columns[place - 1]!;
    const right = plan.columns[place]!;
    const block = run.layout.find((each) => each.role === "weights" && each.layer === right.layer);
    if (!block || right.layer !== left.layer + 1) continue;
    const [rows, columns] = block.shape as [number, number];
    if (block.start + rows * columns > values.length) continue;
    const own = values.subarray(block.start, block.start + rows * columns);
    const embedded = right.layer === 0 ? counts : null;
    const weights = embedded ? together(own, columns, embedded) : own;
    let scale = links === "gradients" ? 1e-12 : 1;
    for (const weight of weights) scale = Math.max(scale, Math.abs(weight));
    const start = left.x + left.size / 2;
    const end = right.x - right.size / 2;
    const middle = (start + end) / 2;
    const thickest = Math.min(5, 1 + Math.min(end - start, left.size, right.size) / 14);
    const frozen = new Set(
      (embedded ? [] : run.frozen).flatMap((each) =>
        each[1] === "weights" && each[0] === right.layer ? [each[2] * columns + each[3]] : [],
      ),
    );
    const few = left.more + right.more > 0 ? null : strongest(weights, MOST_LINKS);
    const drawOne = (flat: number) => {
      const from = left.places[Math.floor(flat / columns)];
      const to = right.places[flat % columns];
      if (!from || !to) return;
      const value = Math.max(-1, Math.min(1, weights[flat]! / scale));
      if (!(Math.abs(value) > 0.004)) return;
      context.strokeStyle = embedded ? TOGETHER[theme] : STYLES[theme][Math.round((value + 1) * SHADES)]!;
      context.lineWidth = 0.4 + thickest * Math.abs(value);
      if (frozen.size) context.setLineDash(frozen.has(flat) ? FROZEN : SOLID);
      context.beginPath();
      context.moveTo(start, from.y);
      context.bezierCurveTo(middle, from.y, middle, to.y, end, to.y);
      context.stroke();
    };
    if (few) few.forEach(drawOne);
    else for (let flat = 0; flat < weights.length; flat++) drawOne(flat);
    context.setLineDash(SOLID);
    if (chosen && chosen.layer === right.layer) {
      const from = left.places[embedded ? inputOf(embedded, chosen.from) : chosen.from];
      const to = right.places[chosen.to];
      if (!from || !to) continue;
      context.strokeStyle = theme === "dark" ? "#fff" : "#111";
      context.lineWidth = 2;
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(start, from.y);
      context.bezierCurveTo(middle, from.y, middle, to.y, end, to.y);
      context.stroke();
      context.setLineDash([]);
    }
  }
}

/** A dot at each neuron's lower left: its bias. */
function paintBiases(context: CanvasRenderingContext2D, { plan, live, run, theme }: NetworkPainting): void {
  context.strokeStyle = theme === "dark" ? "#cfd4da" : "#555b63";
  context.lineWidth = 1;
  for (const { layer, size, places } of plan.columns) {
    const block = run.layout.find((each) => each.role === "bias" && each.layer === layer);
    if (!block) continue;
    for (const place of places) {
      const at = biasPlace(place, size);
      if (!at) continue;
      const bias = live.parameters?.[block.start + place.neuron] ?? 0;
      context.beginPath();
      context.arc(at.x, at.y, at.radius, 0, 2 * Math.PI);
      context.fillStyle = diverging(theme, Math.max(-1, Math.min(1, bias)));
      context.fill();
      context.stroke();
    }
  }
}

/** A sign at the upper right of neurons that do not learn. */
function paintBadges(context: CanvasRenderingContext2D, { plan, live, theme }: NetworkPainting): void {
  if (live.dead.size + live.saturated.size === 0) return;
  context.font = "bold 10px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { size, places } of plan.columns)
    for (const { layer, neuron, x, y } of places) {
      const key = MAP_KEY(layer, neuron);
      const sign = live.dead.has(key) ? "✕" : live.saturated.has(key) ? "≈" : "";
      if (!sign || size < 14) continue;
      context.beginPath();
      context.arc(x + size / 2, y - size / 2, 7, 0, 2 * Math.PI);
      context.fillStyle = theme === "dark" ? "#f3f4f6" : "#30343a";
      context.fill();
      context.fillStyle = theme === "dark" ? "#1b1e23" : "#fff";
      context.fillText(sign, x + size / 2, y - size / 2 + 0.5);
    }
}

// --- one map alone -------------------------------------------------------------------------------------------------

const singles = new Map<number, { image: ImageData; pixels: Uint32Array }>();

function single(size: number): { image: ImageData; pixels: Uint32Array } {
  let found = singles.get(size);
  if (!found) {
    const image = new ImageData(size, size);
    found = { image, pixels: new Uint32Array(image.data.buffer) };
    singles.set(size, found);
  }
  return found;
}

/** Let a canvas be as fine as its map; the page scales it, softly. */
function put(canvas: HTMLCanvasElement, image: ImageData): void {
  if (canvas.width !== image.width) canvas.width = image.width;
  if (canvas.height !== image.height) canvas.height = image.height;
  canvas.getContext("2d", { alpha: false })!.putImageData(image, 0, 0);
}

/** Paint a map onto its canvas; softly where points lie on top. */
export function paintMap(
  canvas: HTMLCanvasElement,
  data: Uint8Array,
  size: number,
  theme: Theme,
  discrete = false,
  soft = false,
): void {
  const { image, pixels } = single(size);
  writeMap(pixels, size, 0, 0, data, size, (soft ? SOFT_TABLES : TABLES)[theme], discrete);
  put(canvas, image);
}

/** Paint what the network says everywhere: a probability, a value, or the likeliest class. */
export function paintOutput(
  canvas: HTMLCanvasElement,
  output: NumberArray,
  kind: string,
  theme: Theme,
  discrete: boolean,
): void {
  const size = output.shape[output.shape.length - 1]!;
  const data = output.data as Uint8Array;
  if (kind !== "classes") return paintMap(canvas, data, size, theme, discrete, true);
  const { image, pixels } = single(size);
  writeClasses(pixels, size, 0, 0, data.subarray(0, size * size), data.subarray(size * size), size, theme, discrete);
  put(canvas, image);
}

export function writeClasses(
  pixels: Uint32Array,
  stride: number,
  left: number,
  top: number,
  classes: Uint8Array,
  sure: Uint8Array,
  size: number,
  theme: Theme,
  discrete: boolean,
): void {
  for (let row = 0; row < size; row++) {
    let to = (top + size - 1 - row) * stride + left;
    for (let from = row * size; from < (row + 1) * size; from++)
      pixels[to++] = classPixels(theme, classes[from]!)[discrete ? 200 : sure[from]!]!;
  }
}

export { writeMap, TABLES };

export interface PointPainting {
  points: Points;
  dataset: Dataset;
  theme: Theme;
  validation: boolean;
  cursor: [number, number] | null;
  /** Of the page's text: points are as much larger. */
  scale: number;
}

/** Paint the rows: filled those that are trained on, rings those for validation. */
export function paintPoints(
  canvas: HTMLCanvasElement,
  { points, dataset, theme, validation, cursor, scale }: PointPainting,
): void {
  const context = canvas.getContext("2d")!;
  const ratio = sharpness();
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const { x: across, y: up } = dataset.axes;
  const radius = scale * (points.x.length > 1500 ? 1.6 : points.x.length > 600 ? 2.2 : 3.1);
  const { low, high } = dataset.target;
  for (let row = 0; row < points.x.length; row++) {
    const isValidation = points.part[row] === 1;
    if (isValidation && !validation) continue;
    const x = ((points.x[row]! - across.low) / (across.high - across.low)) * width;
    const y = height - ((points.y[row]! - up.low) / (up.high - up.low)) * height;
    const colour = pointColour(theme, dataset.task, points.target[row]!, low, high);
    trace(context, shapeOf(dataset.task === "regression" ? 0 : points.target[row]!), x, y, radius);
    context.fillStyle = isValidation ? (theme === "dark" ? "#15181d" : "#fff") : colour;
    context.strokeStyle = isValidation
      ? colour
      : theme === "light"
        ? "#fff"
        : dataset.task === "regression"
          ? "#ffffff73"
          : "#0d0f12";
    context.lineWidth = isValidation ? 1.6 : 0.9;
    context.fill();
    context.stroke();
  }
  if (cursor) {
    context.strokeStyle = theme === "dark" ? "#fff" : "#000";
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(cursor[0] - 9, cursor[1]);
    context.lineTo(cursor[0] + 9, cursor[1]);
    context.moveTo(cursor[0], cursor[1] - 9);
    context.lineTo(cursor[0], cursor[1] + 9);
    context.stroke();
  }
}
