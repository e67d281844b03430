// The network as drawn, as a figure: SVG with its maps inside, or PNG.
import { type Theme, diverging } from "./colour.ts";
import { together } from "./embedded.ts";
import { featureName } from "./format.ts";
import { type FieldMap, MAP_KEY } from "./store.ts";
import { paintMap, scratch } from "./paint.ts";
import type { Page } from "./ui.ts";

const PAD = 24;
const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

function mapImage(map: FieldMap, theme: Theme): string {
  const context = scratch(map.size, map.size);
  paintMap(context.canvas, map.data, map.size, theme);
  return context.canvas.toDataURL();
}

/** The figure as SVG text: links, maps, biases and names. */
export function figure({ store, ui }: Page): string | null {
  const plan = ui.plan.peek();
  const run = store.run.peek();
  const values = store.live.parameters;
  if (!plan || !run || !values) return null;
  const theme = ui.theme.peek();
  const [paper, ink, line] = theme === "dark" ? ["#15181d", "#e6e8eb", "#5a626d"] : ["#ffffff", "#22262b", "#a5a9b0"];
  const parts: string[] = [];
  for (let place = 1; place < plan.columns.length; place++) {
    const left = plan.columns[place - 1]!;
    const right = plan.columns[place]!;
    const block = run.layout.find((each) => each.role === "weights" && each.layer === right.layer);
    if (!block || right.layer !== left.layer + 1) continue;
    const [start, end] = [left.x + left.size / 2, right.x - right.size / 2];
    const middle = (start + end) / 2;
    const columns = block.shape[1]!;
    const counts = right.layer === 0 ? (store.dataset.peek()?.embedded?.counts ?? null) : null;
    const own = values.subarray(block.start, block.start + block.shape[0]! * columns);
    const weights = counts ? together(own, columns, counts) : own;
    const at = (from: number, to: number) => weights[from * columns + to]!;
    const scale = Math.max(
      1,
      ...left.places.flatMap((from) => right.places.map((to) => Math.abs(at(from.neuron, to.neuron)))),
    );
    for (const from of left.places)
      for (const to of right.places) {
        const share = at(from.neuron, to.neuron) / scale;
        if (Math.abs(share) < 0.004) continue;
        const colour = counts ? line : diverging(theme, Math.sign(share) * (0.3 + 0.6 * Math.abs(share)));
        parts.push(
          `<path d="M${start} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${end} ${to.y}" stroke="${colour}" stroke-width="${(0.4 + 5 * Math.abs(share)).toFixed(2)}" fill="none"/>`,
        );
      }
  }
  for (const column of plan.columns)
    for (const { layer, neuron, x, y } of column.places) {
      const map = store.live.maps.get(MAP_KEY(layer, neuron));
      const [left, top, size] = [x - column.size / 2, y - column.size / 2, column.size];
      if (map)
        parts.push(
          `<image href="${mapImage(map, theme)}" x="${left}" y="${top}" width="${size}" height="${size}" preserveAspectRatio="none"/>`,
        );
      parts.push(`<rect x="${left}" y="${top}" width="${size}" height="${size}" fill="none" stroke="${line}"/>`);
      const bias = layer >= 0 ? store.valueOf([layer, "bias", neuron]) : null;
      if (bias !== null)
        parts.push(
          `<circle cx="${left}" cy="${top + size}" r="${Math.min(5, size / 7)}" fill="${diverging(theme, Math.max(-1, Math.min(1, bias)))}" stroke="${ink}"/>`,
        );
      if (layer < 0)
        parts.push(
          `<text x="${left - 8}" y="${y + 4}" text-anchor="end" font-size="13" fill="${ink}">${escaped(featureName(store.dataset.peek()?.features[neuron] ?? ""))}</text>`,
        );
    }
  const [width, height] = [plan.width + 2 * PAD, plan.height + 2 * PAD];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-PAD} ${-PAD} ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif"><rect x="${-PAD}" y="${-PAD}" width="${width}" height="${height}" fill="${paper}"/>${parts.join("")}</svg>`;
}

export function download(name: string, type: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function saveFigure(page: Page, kind: "svg" | "png"): void {
  const text = figure(page);
  if (!text) return;
  if (kind === "svg") return download("network.svg", "image/svg+xml", text);
  const picture = new Image();
  picture.onload = () => {
    const context = scratch(picture.width * 2, picture.height * 2);
    context.drawImage(picture, 0, 0, picture.width * 2, picture.height * 2);
    context.canvas.toBlob((blob) => blob && download("network.png", "image/png", blob));
  };
  picture.onerror = () => page.store.report("The figure could not be drawn as PNG; take the SVG.");
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
