// Painting on canvases: maps, links, points.
import { type Theme, classTable, diverging, divergingTable, pointColour } from "./colour.ts";
import { type Drawing, strongest } from "./layout.ts";
import { type FieldMap, type Live, MAP_KEY, type Points } from "./store.ts";
import type { Dataset, Run } from "./types.ts";
import type { NumberArray } from "./wire.ts";

const TABLES = { light: divergingTable("light"), dark: divergingTable("dark") };
const SOFT_TABLES = { light: divergingTable("light", 0.62), dark: divergingTable("dark", 0.66) };
const CLASS_TABLES = new Map<string, Uint32Array>();
const SHADES = 32;
const MOST_LINKS = 800;
const SOLID: number[] = [];
const FROZEN = [2, 5];
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

/** Make a canvas as sharp as the screen; true if it was changed and lies empty. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): boolean {
  const ratio = Math.min(devicePixelRatio || 1, 2);
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

/** All maps of a frame in one bitmap, so that one transfer brings them to the canvas. */
export class Atlas {
  private context: CanvasRenderingContext2D | null = null;
  private image: ImageData | null = null;
  private pixels = new Uint32Array(0);
  private across = 0;
  private size = 0;

  paint(maps: FieldMap[], theme: Theme, discrete: boolean): void {
    const size = maps[0]?.size ?? 0;
    if (size === 0) return;
    const across = Math.ceil(Math.sqrt(maps.length));
    if (across !== this.across || size !== this.size || !this.context) {
      this.context = scratch(across * size, across * size);
      this.image = this.context.createImageData(across * size, across * size);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.across = across;
      this.size = size;
    }
    maps.forEach((map, place) => {
      if (map.size === size)
        writeMap(
          this.pixels,
          across * size,
          (place % across) * size,
          Math.floor(place / across) * size,
          map.data,
          size,
          TABLES[theme],
          discrete,
        );
    });
    this.context.putImageData(this.image!, 0, 0);
  }

  draw(onto: CanvasRenderingContext2D, place: number, x: number, y: number, edge: number): void {
    const { across, size } = this;
    if (this.context)
      onto.drawImage(
        this.context.canvas,
        (place % across) * size,
        Math.floor(place / across) * size,
        size,
        size,
        x,
        y,
        edge,
        edge,
      );
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
  atlas: Atlas;
}

/** Paint links, then maps and biases; without links only the maps, over those that are there. */
export function paintNetwork(canvas: HTMLCanvasElement, painting: NetworkPainting, links = true): void {
  const { plan } = painting;
  const empty = fit(canvas, plan.width, plan.height);
  const context = canvas.getContext("2d")!;
  const ratio = canvas.width / plan.width;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (links || empty) {
    context.clearRect(0, 0, plan.width, plan.height);
    paintLinks(context, painting);
  }
  paintMaps(context, painting);
}

function paintLinks(
  context: CanvasRenderingContext2D,
  { plan, live, run, theme, links, chosen }: NetworkPainting,
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
    const weights = values.subarray(block.start, block.start + rows * columns);
    let scale = links === "gradients" ? 1e-12 : 1;
    for (const weight of weights) scale = Math.max(scale, Math.abs(weight));
    const start = left.x + left.size / 2;
    const end = right.x - right.size / 2;
    const middle = (start + end) / 2;
    const thickest = Math.min(5, 1 + Math.min(end - start, left.size, right.size) / 14);
    const frozen = new Set(
      run.frozen.flatMap((each) =>
        each[1] === "weights" && each[0] === right.layer ? [each[2] * columns + each[3]] : [],
      ),
    );
    const few = strongest(weights, MOST_LINKS);
    const drawOne = (flat: number) => {
      const from = left.places[Math.floor(flat / columns)];
      const to = right.places[flat % columns];
      if (!from || !to) return;
      const value = Math.max(-1, Math.min(1, weights[flat]! / scale));
      if (!(Math.abs(value) > 0.004)) return;
      context.strokeStyle = STYLES[theme][Math.round((value + 1) * SHADES)]!;
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
      const from = left.places[chosen.from];
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

function paintMaps(
  context: CanvasRenderingContext2D,
  { plan, live, run, theme, discrete, atlas }: NetworkPainting,
): void {
  const places = plan.columns.flatMap((column) => column.places.map((place) => ({ ...place, size: column.size })));
  const found = places.map((place) => live.maps.get(MAP_KEY(place.layer, place.neuron)) ?? null);
  const maps = found.filter((map): map is FieldMap => map !== null);
  atlas.paint(maps, theme, discrete);
  const edge = theme === "dark" ? "#5a626d" : "#a5a9b0";
  const empty = theme === "dark" ? "#2a2f37" : "#eceae5";
  let drawn = 0;
  places.forEach(({ layer, neuron, x, y, size }, place) => {
    const [left, top] = [x - size / 2, y - size / 2];
    const output = layer === run.widths.length - 2 && live.outputKind !== "classes" ? live.output : null;
    if (found[place]) atlas.draw(context, drawn++, left, top, size);
    else if (output) paintWhole(context, output, theme, discrete, left, top, size);
    else {
      context.fillStyle = empty;
      context.fillRect(left, top, size, size);
    }
    if (size >= 10) {
      context.strokeStyle = edge;
      context.lineWidth = 1;
      context.strokeRect(left + 0.5, top + 0.5, size - 1, size - 1);
    }
    if (layer >= 0) paintBias(context, live, run, theme, layer, neuron, left, top, size);
  });
}

/** The only output's map is the output's own. */
function paintWhole(
  context: CanvasRenderingContext2D,
  output: NumberArray,
  theme: Theme,
  discrete: boolean,
  left: number,
  top: number,
  edge: number,
): void {
  const size = output.shape[output.shape.length - 1]!;
  const { context: own, image, pixels } = single(size);
  writeMap(pixels, size, 0, 0, output.data as Uint8Array, size, TABLES[theme], discrete);
  own.putImageData(image, 0, 0);
  context.drawImage(own.canvas, left, top, edge, edge);
}

function paintBias(
  context: CanvasRenderingContext2D,
  live: Live,
  run: Run,
  theme: Theme,
  layer: number,
  neuron: number,
  left: number,
  top: number,
  size: number,
): void {
  if (size >= 14) {
    const block = run.layout.find((each) => each.role === "bias" && each.layer === layer);
    const bias = block && live.parameters ? (live.parameters[block.start + neuron] ?? 0) : 0;
    context.beginPath();
    context.arc(left, top + size, Math.min(5, size / 7), 0, 2 * Math.PI);
    context.fillStyle = diverging(theme, Math.max(-1, Math.min(1, bias)));
    context.fill();
    context.strokeStyle = theme === "dark" ? "#cfd4da" : "#555b63";
    context.lineWidth = 1;
    context.stroke();
  }
  const key = MAP_KEY(layer, neuron);
  const sign = live.dead.has(key) ? "✕" : live.saturated.has(key) ? "≈" : "";
  if (!sign || size < 14) return;
  context.beginPath();
  context.arc(left + size, top, 7, 0, 2 * Math.PI);
  context.fillStyle = theme === "dark" ? "#f3f4f6" : "#30343a";
  context.fill();
  context.fillStyle = theme === "dark" ? "#1b1e23" : "#fff";
  context.font = "bold 10px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(sign, left + size, top + 0.5);
}

// --- one map alone -------------------------------------------------------------------------------------------------

const singles = new Map<number, { context: CanvasRenderingContext2D; image: ImageData; pixels: Uint32Array }>();

function single(size: number): { context: CanvasRenderingContext2D; image: ImageData; pixels: Uint32Array } {
  let found = singles.get(size);
  if (!found) {
    const context = scratch(size, size);
    const image = context.createImageData(size, size);
    found = { context, image, pixels: new Uint32Array(image.data.buffer) };
    singles.set(size, found);
  }
  return found;
}

function place(canvas: HTMLCanvasElement, from: HTMLCanvasElement): void {
  const context = canvas.getContext("2d")!;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "low";
  context.drawImage(from, 0, 0, canvas.width, canvas.height);
}

/** Paint a map as large as its canvas; softly where points lie on top. */
export function paintMap(
  canvas: HTMLCanvasElement,
  data: Uint8Array,
  size: number,
  theme: Theme,
  discrete = false,
  soft = false,
): void {
  const { context, image, pixels } = single(size);
  writeMap(pixels, size, 0, 0, data, size, (soft ? SOFT_TABLES : TABLES)[theme], discrete);
  context.putImageData(image, 0, 0);
  place(canvas, context.canvas);
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
  const { context, image, pixels } = single(size);
  writeClasses(pixels, size, 0, 0, data.subarray(0, size * size), data.subarray(size * size), size, theme, discrete);
  context.putImageData(image, 0, 0);
  place(canvas, context.canvas);
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
}

/** Paint the rows: filled those that are trained on, rings those for validation. */
export function paintPoints(
  canvas: HTMLCanvasElement,
  { points, dataset, theme, validation, cursor }: PointPainting,
): void {
  const context = canvas.getContext("2d")!;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const { x: across, y: up } = dataset.axes;
  const radius = points.x.length > 1500 ? 1.6 : points.x.length > 600 ? 2.2 : 3.1;
  const { low, high } = dataset.target;
  for (let row = 0; row < points.x.length; row++) {
    const isValidation = points.part[row] === 1;
    if (isValidation && !validation) continue;
    const x = ((points.x[row]! - across.low) / (across.high - across.low)) * width;
    const y = height - ((points.y[row]! - up.low) / (up.high - up.low)) * height;
    const colour = pointColour(theme, dataset.task, points.target[row]!, low, high);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
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
