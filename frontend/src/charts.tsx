// Charts of the run: loss and score over time, and what is looked at on demand.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { classColour, diverging } from "./colour.ts";
import { featureName, number, percent } from "./format.ts";
import { fit } from "./paint.ts";
import { type Mark, Plot } from "./plot.tsx";
import type { NumberArray } from "./wire.ts";
import { type Chart, usePage } from "./ui.ts";

export const LINES = {
  light: { train: "#1f66ad", validation: "#c26511", penalised: "#7d8490", batches: "#a9c4de" },
  dark: { train: "#6cb2f5", validation: "#f0a35e", penalised: "#8b93a0", batches: "#3d5f80" },
};

const TABS: [Chart, string, string][] = [
  ["curves", "Curves", "Loss and score over the epochs"],
  ["confusion", "Confusion", "Which class is taken for which"],
  ["predicted", "Predicted", "Predicted against true"],
  ["histograms", "Weights", "How weights and gradients are spread"],
  ["norms", "Gradients", "Norm of each layer's gradient over time"],
  ["surface", "Surface", "The loss around here"],
  ["warp", "Warp", "What a layer does to the plane"],
];

export function Charts(): JSX.Element {
  const { store, ui } = usePage();
  const regression = store.dataset.value?.task === "regression";
  const offered = TABS.filter(([kind]) => kind !== (regression ? "confusion" : "predicted"));
  const chosen = offered.some(([kind]) => kind === ui.chart.value) ? ui.chart.value : "curves";
  return (
    <section class="charts" aria-label="Charts" data-part="charts">
      <div class="tabs" role="tablist" aria-label="Charts">
        {offered.map(([kind, label, help]) => (
          <button
            type="button"
            role="tab"
            key={kind}
            id={`tab-${kind}`}
            data-chart={kind}
            aria-selected={chosen === kind}
            aria-controls="chart"
            tabIndex={chosen === kind ? 0 : -1}
            title={help}
            onClick={() => (ui.chart.value = kind)}
            onKeyDown={(event) => {
              const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
              if (!step) return;
              const next =
                offered[(offered.findIndex(([each]) => each === kind) + step + offered.length) % offered.length]![0];
              ui.chart.value = next;
              event.currentTarget.parentElement?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
              event.stopPropagation();
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <div id="chart" role="tabpanel" aria-labelledby={`tab-${chosen}`} tabIndex={0}>
        {chosen === "curves" && <Curves />}
        {chosen === "confusion" && <Confusion />}
        {chosen === "predicted" && <Predicted />}
        {chosen === "histograms" && <Histograms />}
        {chosen === "norms" && <Norms />}
        {chosen === "surface" && <Surface />}
        {chosen === "warp" && <Warp />}
      </div>
    </section>
  );
}

/** Where settings were changed while the run went on. */
function useMarks(): Mark[] {
  const { store } = usePage();
  const marks = store.run.value?.marks;
  return useMemo(
    () =>
      (marks ?? [])
        .slice(-40)
        .map((mark: any) => ({
          at: mark.epoch,
          text: `${mark.label ?? mark.what ?? mark.path} ${shown(mark.to)}`.slice(0, 28),
        })),
    [marks],
  );
}

const shown = (value: unknown): string =>
  typeof value === "number"
    ? number(value, 3)
    : typeof value === "object" && value !== null
      ? String((value as any).name ?? "")
      : String(value ?? "");

function Curves(): JSX.Element {
  const { store, ui } = usePage();
  void store.rare.value;
  const colours = LINES[ui.theme.value];
  const { history } = store;
  const marks = useMarks();
  const accuracy = store.scoreName.value === "accuracy";
  const version = history.version;
  const loss = useMemo(
    () => [
      history.column("epoch"),
      history.column("train"),
      history.column("validation"),
      history.column("batches"),
      history.column("penalised"),
    ],
    [version],
  );
  const exact =
    loss[1]!.reduce((count: number, value) => count + (value === null ? 0 : 1), 0) > 1 || loss[0]!.length < 3;
  const training = store.settings.value?.training;
  const penalised = Boolean(training && (training.l1 || training.l2));
  const score = useMemo(
    () => [history.column("epoch"), history.column("train_score"), history.column("validation_score")],
    [version],
  );
  const series = [
    { label: "train", colour: colours.train },
    { label: "validation", colour: colours.validation },
  ];
  return (
    <div class="curves">
      <div class="chart-head">
        <h3>Loss</h3>
        <label class="check">
          <input
            type="checkbox"
            checked={ui.logLoss.value}
            onChange={(event) => (ui.logLoss.value = event.currentTarget.checked)}
          />
          log
        </label>
      </div>
      <Plot
        label={`Loss over the epochs; now ${number(history.last("train"))} in training`}
        series={[
          ...series,
          { label: "batches", colour: exact ? colours.batches : colours.train, width: exact ? 1 : 1.8 },
          ...(penalised ? [{ label: "+ penalty", colour: colours.penalised, dash: [5, 4] }] : []),
        ]}
        data={penalised ? loss : loss.slice(0, 4)}
        log={ui.logLoss.value}
        marks={marks}
        height={148}
      />
      <div class="chart-head">
        <h3>{accuracy ? "Accuracy" : "R²"}</h3>
      </div>
      <Plot label={`${accuracy ? "Accuracy" : "R²"} over the epochs`} series={series} data={score} height={124} />
    </div>
  );
}

// --- on demand -------------------------------------------------------------------------------------------------------

function Confusion(): JSX.Element {
  const { store } = usePage();
  void store.rare.value;
  const found = store.live.charts?.arrays;
  if (!found?.confusion_train) return <Waiting />;
  return (
    <div class="stack">
      <Matrix title="Training rows" matrix={found.confusion_train} />
      {found.confusion_validation && <Matrix title="Validation rows" matrix={found.confusion_validation} />}
    </div>
  );
}

const Waiting = (): JSX.Element => <p class="note waiting">It comes with the next frame: press play or step.</p>;

function Matrix({ title, matrix }: { title: string; matrix: NumberArray }): JSX.Element {
  const { store, ui } = usePage();
  const classes = store.dataset.value?.classes ?? [];
  const size = matrix.shape[0]!;
  const at = (row: number, column: number) => matrix.data[row * size + column] ?? 0;
  const total = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => at(row, column)).reduce((a, b) => a + b, 0),
  );
  const right = Array.from({ length: size }, (_, row) => at(row, row)).reduce((a, b) => a + b, 0);
  const all = total.reduce((a, b) => a + b, 0);
  return (
    <table class={`matrix${size > 5 ? " small" : ""}`}>
      <caption>
        {title}: {all ? percent(right / all) : "–"} right
      </caption>
      <thead>
        <tr>
          <th scope="col">true ↓ said →</th>
          {classes.map((label) => (
            <th scope="col" key={label}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {classes.map((label, row) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {classes.map((_, column) => {
              const share = total[row] ? at(row, column) / total[row]! : 0;
              const value = (row === column ? 1 : -1) * share;
              return (
                <td
                  key={column}
                  style={{
                    background: share ? diverging(ui.theme.value, value * 0.8) : "transparent",
                    color: share > 0.62 ? (ui.theme.value === "dark" ? "#0d0f12" : "#fff") : "inherit",
                  }}
                >
                  {at(row, column)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A canvas that is as wide as its place, painted again whenever what it shows changes. */
export function Painted(props: {
  label: string;
  height?: number;
  square?: boolean;
  paint: (context: CanvasRenderingContext2D, width: number, height: number) => void;
  on: unknown[];
}): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(holder.current!);
    return () => observer.disconnect();
  }, []);
  const height = props.square ? Math.min(width, 340) : (props.height ?? 150);
  useEffect(() => {
    if (!canvas.current || width === 0) return;
    fit(canvas.current, width, height);
    const context = canvas.current.getContext("2d")!;
    const ratio = canvas.current.width / width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    props.paint(context, width, height);
  }, [width, height, ...props.on]);
  return (
    <div ref={holder} class="painted">
      <canvas ref={canvas} role="img" aria-label={props.label} />
    </div>
  );
}

function Predicted(): JSX.Element {
  const { store, ui } = usePage();
  void store.rare.value;
  const found = store.live.charts?.arrays.predicted;
  const theme = ui.theme.value;
  if (!found) return <Waiting />;
  const { data } = found;
  let [low, high] = [Infinity, -Infinity];
  for (let place = 0; place < data.length; place += 3) {
    low = Math.min(low, data[place]!, data[place + 1]!);
    high = Math.max(high, data[place]!, data[place + 1]!);
  }
  return (
    <>
      <Painted
        label="Predicted against true values"
        square
        on={[found, theme]}
        paint={(context, width, height) => {
          const margin = 34;
          const at = (value: number, length: number) =>
            margin + ((value - low) / (high - low || 1)) * (length - margin - 8);
          const ink = getComputedStyle(context.canvas).color;
          context.strokeStyle = ink;
          context.fillStyle = ink;
          context.globalAlpha = 0.5;
          context.beginPath();
          context.moveTo(at(low, width), height - at(low, height));
          context.lineTo(at(high, width), height - at(high, height));
          context.stroke();
          context.globalAlpha = 1;
          context.font = "11px system-ui, sans-serif";
          context.fillText(`true → ${number(low, 3)} … ${number(high, 3)}`, margin, height - 6);
          context.save();
          context.translate(12, height - margin);
          context.rotate(-Math.PI / 2);
          context.fillText("predicted →", 0, 0);
          context.restore();
          for (let place = 0; place < data.length; place += 3) {
            const validation = data[place + 2] === 1;
            context.beginPath();
            context.arc(at(data[place]!, width), height - at(data[place + 1]!, height), 2.4, 0, 2 * Math.PI);
            context.fillStyle = context.strokeStyle = validation ? LINES[theme].validation : LINES[theme].train;
            if (validation) context.stroke();
            else context.fill();
          }
        }}
      />
      <p class="legend">
        <span class="key">
          <i style={{ background: LINES[theme].train }} />
          training
        </span>
        <span class="key">
          <i style={{ background: LINES[theme].validation }} />
          validation
        </span>
      </p>
    </>
  );
}

const bars = uPlot.paths.bars!({ size: [0.96], align: 1 });

function Histograms(): JSX.Element {
  const { store, ui } = usePage();
  void store.rare.value;
  const charts = store.live.charts;
  const colours = LINES[ui.theme.value];
  const run = store.run.value;
  if (!charts?.arrays.histogram_weights || !run) return <Waiting />;
  const edges = charts.content.histogram_edges;
  const shownOf = (name: "weights" | "gradients", layer: number): (number | null)[][] => {
    const counts = charts.arrays[`histogram_${name}`]!;
    const bins = counts.shape[1]!;
    const [low, high] = edges[name][layer];
    return [
      Array.from({ length: bins }, (_, bin) => low + ((high - low) * bin) / bins),
      Array.from({ length: bins }, (_, bin) => counts.data[layer * bins + bin] ?? 0),
    ];
  };
  return (
    <div class="stack histograms">
      {Array.from({ length: charts.arrays.histogram_weights.shape[0]! }, (_, layer) => (
        <div key={layer} class="pair">
          <h3>{layer < run.layers.length ? `Layer ${layer + 1}` : "Output"}</h3>
          {(["weights", "gradients"] as const).map((name) =>
            charts.arrays[`histogram_${name}`] ? (
              <Plot
                key={name}
                label={`Histogram of layer ${layer + 1}'s ${name}`}
                xLabel={name === "weights" ? "w" : "∂L/∂w"}
                series={[
                  {
                    label: "count",
                    colour: name === "weights" ? colours.train : colours.validation,
                    fill: `${name === "weights" ? colours.train : colours.validation}88`,
                    paths: bars,
                    width: 0,
                  },
                ]}
                data={shownOf(name, layer)}
                height={92}
              />
            ) : null,
          )}
        </div>
      ))}
    </div>
  );
}

function Norms(): JSX.Element {
  const { store, ui } = usePage();
  const version = store.rare.value;
  const layers = store.run.value?.layers.length ?? 0;
  const theme = ui.theme.value;
  const data = useMemo(() => {
    const kept = store.norms.filter((each) => each.values.length === layers + 1);
    return [
      kept.map((each) => each.epoch),
      ...Array.from({ length: layers + 1 }, (_, layer) =>
        kept.map((each) => (each.values[layer]! > 0 ? each.values[layer]! : null)),
      ),
    ];
  }, [version, layers]);
  return (
    <>
      <p class="note">
        The norm of each layer's gradient. Where it falls towards 0 from the outputs to the inputs, gradients vanish;
        where it grows, they explode.
      </p>
      <Plot
        label="Gradient norms of the layers over time"
        log
        height={230}
        series={Array.from({ length: layers + 1 }, (_, layer) => ({
          label: layer < layers ? `layer ${layer + 1}` : "output",
          colour: classColour(theme, layer + 1),
        }))}
        data={data}
      />
    </>
  );
}

function Surface(): JSX.Element {
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
  const [ox, oy, w, h] = [4, 4, width - 8, height - 26];
  const cell = 3;
  const dark = theme === "dark";
  for (let y = 0; y < h; y += cell)
    for (let x = 0; x < w; x += cell) {
      const [cx, cy] = [(x / w) * (size - 1), (1 - y / h) * (size - 1)];
      const [left, bottom] = [Math.min(Math.floor(cx), size - 2), Math.min(Math.floor(cy), size - 2)];
      const [fx, fy] = [cx - left, cy - bottom];
      const at = (column: number, row: number) => values[row * size + column]!;
      const value =
        (at(left, bottom) * (1 - fx) + at(left + 1, bottom) * fx) * (1 - fy) +
        (at(left, bottom + 1) * (1 - fx) + at(left + 1, bottom + 1) * fx) * fy;
      const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
      const level = Math.floor(share * LEVELS) / LEVELS;
      context.fillStyle = `hsl(212 ${55 - 20 * level}% ${dark ? 16 + 52 * level : 30 + 64 * level}%)`;
      context.fillRect(ox + x, oy + y, cell, cell);
    }
  const { x: across, y: up, labels } = answer.content;
  const px = (value: number) => ox + ((value - across[0]) / (across[1] - across[0])) * w;
  const py = (value: number) => oy + (1 - (value - up[0]) / (up[1] - up[0])) * h;
  if (path && path.shape[0]) {
    context.save();
    context.beginPath();
    context.rect(ox, oy, w, h);
    context.clip();
    context.strokeStyle = "#f08a24";
    context.lineWidth = 2;
    context.beginPath();
    for (let place = 0; place < path.data.length; place += 3)
      context.lineTo(px(path.data[place]!), py(path.data[place + 1]!));
    context.stroke();
    const last = path.data.length - 3;
    context.beginPath();
    context.arc(px(path.data[last]!), py(path.data[last + 1]!), 5, 0, 2 * Math.PI);
    context.fillStyle = "#f08a24";
    context.fill();
    context.strokeStyle = "#fff";
    context.stroke();
    context.restore();
  }
  context.fillStyle = getComputedStyle(context.canvas).color;
  context.font = "11px system-ui, sans-serif";
  context.fillText(
    `→ ${labels?.[0] ?? ""}   ↑ ${labels?.[1] ?? ""}   loss ${number(Math.exp(low), 3)} … ${number(Math.exp(high), 3)}`,
    ox,
    height - 6,
  );
}

function Warp(): JSX.Element {
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
        />
      ) : (
        <Waiting />
      )}
      <p class="note">
        The grid is the plane of{" "}
        {dataset ? `${featureName(dataset.axes.x.name)} and ${featureName(dataset.axes.y.name)}` : "the inputs"}, where
        these two neurons put it. A layer has done its work where one straight line parts the classes.
      </p>
    </div>
  );
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
  const bounds = [Infinity, -Infinity, Infinity, -Infinity];
  const widen = (x: number, y: number) => {
    bounds[0] = Math.min(bounds[0]!, x);
    bounds[1] = Math.max(bounds[1]!, x);
    bounds[2] = Math.min(bounds[2]!, y);
    bounds[3] = Math.max(bounds[3]!, y);
  };
  for (let place = 0; place < grid.data.length; place += 2) widen(grid.data[place]!, grid.data[place + 1]!);
  const pad = 12;
  const px = (value: number) => pad + ((value - bounds[0]!) / (bounds[1]! - bounds[0]! || 1)) * (width - 2 * pad);
  const py = (value: number) =>
    height - pad - ((value - bounds[2]!) / (bounds[3]! - bounds[2]! || 1)) * (height - 2 * pad);
  context.strokeStyle = theme === "dark" ? "#5d6671" : "#b3b7be";
  context.lineWidth = 0.8;
  for (const turned of [false, true])
    for (let line = 0; line < size; line++) {
      context.beginPath();
      for (let step = 0; step < size; step++) {
        const place = 2 * (turned ? step * size + line : line * size + step);
        context.lineTo(px(grid.data[place]!), py(grid.data[place + 1]!));
      }
      context.stroke();
    }
  for (let place = 0; place < points.data.length; place += 3) {
    const target = points.data[place + 2]!;
    context.beginPath();
    context.arc(px(points.data[place]!), py(points.data[place + 1]!), 2.6, 0, 2 * Math.PI);
    context.fillStyle =
      task === "regression"
        ? diverging(theme, high > low ? (2 * (target - low)) / (high - low) - 1 : 0)
        : classColour(theme, target);
    context.fill();
  }
}
