// What training moves in: the loss around the present weights, and what a layer makes of the plane.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { classColour, diverging } from "./colour.ts";
import { featureName, number } from "./format.ts";
import { Painted, Plane, Waiting } from "./painted.tsx";
import { usePage } from "./ui.ts";
import { shapeOf, trace } from "./shapes.tsx";
import type { NumberArray } from "./wire.ts";

export function Surface(): JSX.Element {
  const { store, ui } = usePage();
  const [along, setAlong] = useState<"directions" | "parameters">("directions");
  const [span, setSpan] = useState(1);
  const answer = store.answers.surface!.value;
  const theme = ui.theme.value;
  const run = store.run.value;
  const weights = useMemo(() => {
    const found: { name: string; parameter: [number, "weights", number, number] }[] = [];
    for (const block of run?.layout ?? []) {
      if (block.role !== "weights") continue;
      for (let from = 0; from < block.shape[0]! && found.length < 300; from++)
        for (let to = 0; to < block.shape[1]!; to++)
          found.push({
            name: `layer ${block.layer + 1}: w ${from + 1}→${to + 1}`,
            parameter: [block.layer, "weights", from, to],
          });
    }
    return found;
  }, [run?.layout]);
  const [pair, setPair] = useState<[number, number]>([0, 1]);
  const ask = () =>
    store.send({
      kind: "surface",
      along,
      resolution: 41,
      span,
      ...(along === "parameters"
        ? { parameters: pair.map((place) => weights[Math.min(place, weights.length - 1)]!.parameter) }
        : {}),
    });
  useEffect(ask, []);
  return (
    <div class="stack">
      <div class="row wrap">
        <div class="segments" role="group" aria-label="Along">
          <button
            type="button"
            aria-pressed={along === "directions"}
            title="Two random directions, each weight scaled as its neuron's are"
            onClick={() => setAlong("directions")}
          >
            directions
          </button>
          <button type="button" aria-pressed={along === "parameters"} onClick={() => setAlong("parameters")}>
            two weights
          </button>
        </div>
        <select aria-label="How far" value={span} onChange={(event) => setSpan(Number(event.currentTarget.value))}>
          {[0.25, 0.5, 1, 2, 4].map((value) => (
            <option key={value} value={value}>
              ± {value}
            </option>
          ))}
        </select>
        <button type="button" class="solid" onClick={ask}>
          Draw
        </button>
      </div>
      {along === "parameters" && (
        <div class="row wrap">
          {([0, 1] as const).map((axis) => (
            <select
              key={axis}
              aria-label={axis ? "Up" : "Across"}
              value={pair[axis]}
              onChange={(event) =>
                setPair(
                  axis ? [pair[0], Number(event.currentTarget.value)] : [Number(event.currentTarget.value), pair[1]],
                )
              }
            >
              {weights.map((weight, place) => (
                <option key={weight.name} value={place}>
                  {weight.name}
                </option>
              ))}
            </select>
          ))}
        </div>
      )}
      {answer ? (
        <Painted
          label="Loss surface with the run's path"
          square
          on={[answer, theme]}
          paint={(context, width, height) => paintSurface(context, width, height, answer, theme)}
          read={(x, y, width, height) => readSurface(x, y, width, height, answer)}
        />
      ) : (
        <p class="note waiting">Measuring the loss around the present weights…</p>
      )}
      <p class="note">
        Dark is low, light is high (in equal steps of the loss's logarithm). The line is the run's path, the dot where
        it is.
      </p>
    </div>
  );
}

const LEVELS = 14;

const surfacePlane = (width: number, height: number, { x, y }: { x: [number, number]; y: [number, number] }): Plane =>
  new Plane(width, height, [x[0], y[0]], [x[1], y[1]]);

/** A measured value at a share of the plane, between the four around it. */
function between(values: ArrayLike<number>, size: number, across: number, up: number): number {
  const [cx, cy] = [across * (size - 1), up * (size - 1)];
  const [left, bottom] = [Math.min(Math.floor(cx), size - 2), Math.min(Math.floor(cy), size - 2)];
  const [fx, fy] = [cx - left, cy - bottom];
  const at = (column: number, row: number) => values[row * size + column]!;
  return (
    (at(left, bottom) * (1 - fx) + at(left + 1, bottom) * fx) * (1 - fy) +
    (at(left, bottom + 1) * (1 - fx) + at(left + 1, bottom + 1) * fx) * fy
  );
}

function readSurface(
  x: number,
  y: number,
  width: number,
  height: number,
  answer: { content: any; arrays: Record<string, NumberArray> },
): string | null {
  const { loss } = answer.arrays;
  const plane = surfacePlane(width, height, answer.content);
  const place = plane.at(x, y);
  if (!place || !loss) return null;
  const share = (axis: 0 | 1) => (place[axis] - plane.low[axis]) / (plane.high[axis] - plane.low[axis]);
  const value = between(loss.data, loss.shape[1]!, share(0), share(1));
  return `${plane.written(0, place[0])}, ${plane.written(1, place[1])}: loss ${number(value, 3)}`;
}

function paintSurface(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  answer: { content: any; arrays: Record<string, NumberArray> },
  theme: "light" | "dark",
): void {
  const { loss, path } = answer.arrays;
  if (!loss) return;
  const size = loss.shape[1]!;
  const values = Float64Array.from(loss.data, (value) => Math.log(Math.max(value, 1e-9)));
  const finite = [...values].filter(Number.isFinite).sort((a, b) => a - b);
  const low = finite[0] ?? 0;
  const high = finite[Math.floor(finite.length * 0.97)] ?? 1;
  const plane = surfacePlane(width, height, answer.content);
  const { left: ox, top: oy, width: w, height: h } = plane;
  const cell = 3;
  const dark = theme === "dark";
  for (let y = 0; y < h; y += cell)
    for (let x = 0; x < w; x += cell) {
      const value = between(values, size, x / w, 1 - y / h);
      const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
      const level = Math.floor(share * LEVELS) / LEVELS;
      context.fillStyle = `hsl(212 ${55 - 20 * level}% ${dark ? 16 + 52 * level : 30 + 64 * level}%)`;
      // one pixel beyond, which the next one covers: no seams where edges lie between the screen's pixels
      context.fillRect(ox + x, oy + y, Math.min(cell + 1, w - x), Math.min(cell + 1, h - y));
    }
  if (path && path.shape[0]) {
    context.save();
    context.beginPath();
    context.rect(ox, oy, w, h);
    context.clip();
    context.strokeStyle = "#f08a24";
    context.lineWidth = 2;
    context.beginPath();
    for (let place = 0; place < path.data.length; place += 3)
      context.lineTo(plane.x(path.data[place]!), plane.y(path.data[place + 1]!));
    context.stroke();
    const last = path.data.length - 3;
    context.beginPath();
    context.arc(plane.x(path.data[last]!), plane.y(path.data[last + 1]!), 5, 0, 2 * Math.PI);
    context.fillStyle = "#f08a24";
    context.fill();
    context.strokeStyle = "#fff";
    context.stroke();
    context.restore();
  }
  const { labels } = answer.content;
  plane.axes(context, `${labels?.[0] ?? ""} →`, `${labels?.[1] ?? ""} →`);
}

export function Warp(): JSX.Element {
  const { store, ui } = usePage();
  const answer = store.answers.warp!.value;
  const theme = ui.theme.value;
  const run = store.run.value;
  const dataset = store.dataset.value;
  const [layer, setLayer] = useState(0);
  const [pair, setPair] = useState<[number, number]>([0, 1]);
  const slow = store.rare.value;
  const width = run?.widths[layer + 1] ?? 1;
  const chosen: [number, number] = [Math.min(pair[0], width - 1), Math.min(pair[1], width - 1)];
  const asked = useRef(0);
  useEffect(() => {
    if (!run || performance.now() - asked.current < 450) return;
    asked.current = performance.now();
    store.send({ kind: "warp", layer: Math.min(layer, run.layers.length), neurons: chosen });
  }, [slow]);
  useEffect(() => {
    if (run) store.send({ kind: "warp", layer: Math.min(layer, run.layers.length), neurons: chosen });
  }, [layer, pair[0], pair[1], run?.id]);
  return (
    <div class="stack">
      <div class="row wrap">
        <select aria-label="Layer" value={layer} onChange={(event) => setLayer(Number(event.currentTarget.value))}>
          {Array.from({ length: (run?.layers.length ?? 0) + 1 }, (_, place) => (
            <option key={place} value={place}>
              {place < (run?.layers.length ?? 0) ? `layer ${place + 1}` : "output"}
            </option>
          ))}
        </select>
        {([0, 1] as const).map((axis) => (
          <select
            key={axis}
            aria-label={axis ? "Neuron up" : "Neuron across"}
            value={chosen[axis]}
            onChange={(event) =>
              setPair(
                axis ? [chosen[0], Number(event.currentTarget.value)] : [Number(event.currentTarget.value), chosen[1]],
              )
            }
          >
            {Array.from({ length: width }, (_, place) => (
              <option key={place} value={place}>
                {axis ? "↑" : "→"} neuron {place + 1}
              </option>
            ))}
          </select>
        ))}
      </div>
      {answer && dataset ? (
        <Painted
          label="The plane as the layer sees it"
          square
          on={[answer, theme, dataset]}
          paint={(context, w, h) =>
            paintWarp(context, w, h, answer, theme, dataset.task, dataset.target.low, dataset.target.high)
          }
          read={(x, y, w, h) => {
            const plane = warpPlane(w, h, answer.arrays.grid!);
            const place = plane.at(x, y);
            return place && `${plane.written(0, place[0])}, ${plane.written(1, place[1])}`;
          }}
        />
      ) : (
        <Waiting />
      )}
      <p class="note">
        The grid is the plane of{" "}
        {dataset ? `${featureName(dataset.axes.x.name)} and ${featureName(dataset.axes.y.name)}` : "the inputs"}, where
        these two neurons put it.{" "}
        {dataset?.task === "regression"
          ? "A layer has done its work where the colours change along a straight line."
          : "A layer has done its work where one straight line parts the classes."}
      </p>
    </div>
  );
}

/** The plane in which all corners of the grid lie. */
function warpPlane(width: number, height: number, grid: NumberArray): Plane {
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (let place = 0; place < grid.data.length; place++) {
    const axis = place % 2;
    low[axis] = Math.min(low[axis]!, grid.data[place]!);
    high[axis] = Math.max(high[axis]!, grid.data[place]!);
  }
  return new Plane(width, height, low as [number, number], high as [number, number]);
}

function paintWarp(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  answer: { arrays: Record<string, NumberArray> },
  theme: "light" | "dark",
  task: string,
  low: number,
  high: number,
): void {
  const { grid, points } = answer.arrays;
  if (!grid || !points) return;
  const size = grid.shape[0]!;
  const plane = warpPlane(width, height, grid);
  context.strokeStyle = theme === "dark" ? "#5d6671" : "#b3b7be";
  context.lineWidth = 0.8;
  for (const turned of [false, true])
    for (let line = 0; line < size; line++) {
      context.beginPath();
      for (let step = 0; step < size; step++) {
        const place = 2 * (turned ? step * size + line : line * size + step);
        context.lineTo(plane.x(grid.data[place]!), plane.y(grid.data[place + 1]!));
      }
      context.stroke();
    }
  for (let place = 0; place < points.data.length; place += 3) {
    const target = points.data[place + 2]!;
    const [x, y] = [plane.x(points.data[place]!), plane.y(points.data[place + 1]!)];
    trace(context, shapeOf(task === "regression" ? 0 : target), x, y, 2.6);
    context.fillStyle =
      task === "regression"
        ? diverging(theme, high > low ? (2 * (target - low)) / (high - low) - 1 : 0)
        : classColour(theme, target);
    context.fill();
  }
  plane.axes(context, "neuron across →", "neuron up →");
}
