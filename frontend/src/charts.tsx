// Charts of the run: loss and score over time, weights and gradients; and the tabs that lead to all charts.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import { LINES, classColour } from "./colour.ts";
import { number } from "./format.ts";
import { Surface, Warp } from "./landscape.tsx";
import { Waiting } from "./painted.tsx";
import { type Mark, Plot, dashOf } from "./plot.tsx";
import { Confusion, Predicted } from "./predictions.tsx";
import { type Chart, usePage } from "./ui.ts";

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

/** Whether most epochs have a value: a line through the others would say what nobody measured. */
const isDense = (values: (number | null)[]): boolean =>
  2 * values.reduce((count: number, value) => count + (value === null ? 0 : 1), 0) >= values.length;

/** Where settings were changed while the run went on, and the moment that is shown, if the run went further. */
function useMarks(): Mark[] {
  const { store } = usePage();
  const run = store.run.value;
  const marks = run?.marks;
  const here = run && !store.playing.value && run.epoch < (run.furthest?.epoch ?? 0) ? run.epoch : -1;
  return useMemo(() => {
    const changes = (marks ?? []).slice(-40).map((mark: any) => ({
      at: mark.epoch,
      text: `${mark.label ?? mark.what ?? mark.path} ${shown(mark.to)}`.slice(0, 28),
    }));
    return here < 0 ? changes : [...changes, { at: here, text: `epoch ${here}` }];
  }, [marks, here]);
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
  const exact = isDense(loss[1]!);
  const training = store.settings.value?.training;
  const penalised = Boolean(training && (training.l1 || training.l2));
  const score = useMemo(
    () => [history.column("epoch"), history.column("train_score"), history.column("validation_score")],
    [version],
  );
  const series = [
    { label: "train", colour: colours.train, scattered: !exact },
    { label: "validation", colour: colours.validation, scattered: !isDense(loss[2]!), dash: [6, 3] },
  ];
  const moving = Boolean(training && training.schedule?.name && training.schedule.name !== "constant");
  const rate = useMemo(
    () => (moving ? [history.column("epoch"), history.column("learning_rate")] : []),
    [version, moving],
  );
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
        label={`Loss over the epochs; now ${number(store.standing.peek().train)} in training`}
        series={[
          ...series,
          { label: "batches", colour: exact ? colours.batches : colours.train, width: exact ? 1 : 1.8 },
          ...(penalised ? [{ label: "+ penalty", colour: colours.penalised, dash: [2, 3] }] : []),
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
      {moving && (
        <>
          <div class="chart-head">
            <h3>Learning rate</h3>
          </div>
          <Plot
            label="The learning rate over the epochs"
            series={[{ label: "η", colour: colours.train }]}
            data={rate}
            height={110}
          />
        </>
      )}
    </div>
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
          dash: dashOf(layer),
        }))}
        data={data}
      />
    </>
  );
}
