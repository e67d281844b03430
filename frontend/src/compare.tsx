// Kept runs side by side: what differs between them, their curves in one chart, their maps at one epoch.
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LINES, classColour } from "./colour.ts";
import { count, number, percent } from "./format.ts";
import { COLUMNS } from "./history.ts";
import { Icon } from "./icons.tsx";
import { paintOutput } from "./paint.ts";
import { Plot, dashOf } from "./plot.tsx";
import type { KeptRun } from "./types.ts";
import type { NumberArray } from "./wire.ts";
import { usePage } from "./ui.ts";

type Measure = "train" | "validation" | "validation_score";

export function CompareView(): JSX.Element {
  const { store, ui } = usePage();
  const [measure, setMeasure] = useState<Measure>("validation");
  const [epoch, setEpoch] = useState<number | null>(null);
  const [name, setName] = useState("");
  const histories = useHistories();
  const runs = store.runs.value;
  void store.rare.value;
  const theme = ui.theme.value;
  const column = COLUMNS.indexOf(measure);
  const all = useMemo(() => {
    const lines = runs.map((run) => ({ name: run.name, rows: histories.get(run.id) ?? [] }));
    lines.push({ name: "this run", rows: store.history.rows });
    const epochs = [...new Set(lines.flatMap((line) => line.rows.map((row) => row[0]!)))].sort((a, b) => a - b);
    const data = lines.map((line) => {
      const known = new Map(line.rows.map((row) => [row[0]!, row[column]!]));
      return epochs.map((at) => (Number.isFinite(known.get(at)) ? known.get(at)! : null));
    });
    return { data: [epochs, ...data] as (number | null)[][], most: epochs[epochs.length - 1] ?? 0 };
  }, [runs, histories, store.history.version, column]);
  const shownEpoch = Math.min(epoch ?? all.most, all.most);
  return (
    <div class="compare" data-part="compare">
      <form
        class="bar wrap"
        onSubmit={(event) => {
          event.preventDefault();
          store.send({ kind: "keep", name: name.trim() || `run ${runs.length + 1}` });
          setName("");
        }}
      >
        <input
          type="text"
          value={name}
          placeholder={`run ${runs.length + 1}`}
          aria-label="Name of the run"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="solid" data-test="keep">
          Keep this run
        </button>
        <span class="spacer" />
        <div class="segments" role="group" aria-label="Measure">
          {(["train", "validation", "validation_score"] as const).map((each) => (
            <button type="button" key={each} aria-pressed={measure === each} onClick={() => setMeasure(each)}>
              {each === "train"
                ? "training loss"
                : each === "validation"
                  ? "validation loss"
                  : store.scoreName.value === "accuracy"
                    ? "accuracy"
                    : "R²"}
            </button>
          ))}
        </div>
      </form>
      {runs.length === 0 ? (
        <p class="note waiting">Keep this run, change something, and train again: the two stand here side by side.</p>
      ) : (
        <div class="compare-body">
          <div class="compare-chart">
            <Plot
              label="Kept runs over the epochs"
              series={[
                ...runs.map((run, place) => ({
                  label: run.name,
                  colour: classColour(theme, place + 1),
                  dash: dashOf(place),
                })),
                { label: "this run", colour: LINES[theme].penalised, dash: [2, 3] },
              ]}
              data={all.data}
              height={210}
            />
            <label class="scrubber wide">
              <span class="note">maps at epoch {count(shownEpoch)}</span>
              <input
                type="range"
                min={0}
                max={Math.max(all.most, 1)}
                value={shownEpoch}
                aria-label="Epoch of the maps"
                onInput={(event) => setEpoch(Number(event.currentTarget.value))}
              />
            </label>
          </div>
          <ul class="kept">
            {runs.map((run, place) => (
              <Kept
                key={run.id}
                run={run}
                rows={histories.get(run.id) ?? []}
                epoch={shownEpoch}
                colour={classColour(theme, place + 1)}
              />
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** Histories of the kept runs, fetched once each. */
function useHistories(): Map<string, number[][]> {
  const { store } = usePage();
  const [histories, setHistories] = useState(new Map<string, number[][]>());
  const runs = store.runs.value;
  const asked = useRef(new Set<string>());
  useEffect(() => {
    for (const run of runs) {
      if (asked.current.has(run.id)) continue;
      asked.current.add(run.id);
      store.send({ kind: "kept_history", id: run.id });
    }
  }, [runs]);
  useEffect(
    () =>
      effect(() => {
        const answer = store.answers.kept_history!.value;
        const history = answer?.arrays.history;
        if (!answer || !history) return;
        const columns = history.shape[1]!;
        const rows = Array.from({ length: history.shape[0]! }, (_, row) =>
          Array.from(history.data.subarray(row * columns, (row + 1) * columns)),
        );
        setHistories((old) => new Map(old).set(answer.content.id, rows));
      }),
    [],
  );
  return histories;
}

interface KeptProps {
  run: KeptRun;
  rows: number[][];
  epoch: number;
  colour: string;
}

/** What was last measured up to an epoch; at a run's end what it was kept with. */
function measuredAt({ run, rows, epoch }: KeptProps, name: (typeof COLUMNS)[number], end: number | null): number | null {
  if (epoch >= (run.epoch ?? 0)) return end;
  const place = COLUMNS.indexOf(name);
  return rows.findLast((row) => row[0]! <= epoch && Number.isFinite(row[place]))?.[place] ?? null;
}

function Kept(props: KeptProps): JSX.Element {
  const { run, epoch, colour } = props;
  const { store, ui } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const score = measuredAt(props, "validation_score", run.score);
  const [map, setMap] = useState<{ output: NumberArray; kind: string; epoch: number } | null>(null);
  const theme = ui.theme.value;
  useEffect(() => {
    const timer = setTimeout(() => store.send({ kind: "kept_map", id: run.id, epoch }), 120);
    return () => clearTimeout(timer);
  }, [epoch, run.id]);
  useEffect(
    () =>
      effect(() => {
        const answer = store.answers.kept_map!.value;
        if (answer?.content.id === run.id && answer.arrays.output)
          setMap({
            output: answer.arrays.output,
            kind: answer.content.output?.kind ?? "probability",
            epoch: answer.content.epoch,
          });
      }),
    [run.id],
  );
  useEffect(() => {
    if (!canvas.current || !map) return;
    paintOutput(canvas.current, map.output, map.kind, theme, false);
  }, [map, theme]);
  return (
    <li>
      <div class="kept-head">
        <i style={{ background: colour }} />
        <strong>{run.name}</strong>
        <button
          type="button"
          class="quiet small"
          aria-label={`Forget ${run.name}`}
          onClick={() => store.send({ kind: "forget", id: run.id })}
        >
          <Icon name="close" />
        </button>
      </div>
      <canvas ref={canvas} role="img" aria-label={`Map of ${run.name} at epoch ${map?.epoch ?? "?"}`} />
      <dl>
        <dt>epoch</dt>
        <dd>{count(Math.min(epoch, run.epoch ?? 0))}</dd>
        <dt>training loss</dt>
        <dd>{number(measuredAt(props, "train", run.loss), 3)}</dd>
        <dt>validation loss</dt>
        <dd>{number(measuredAt(props, "validation", run.validation), 3)}</dd>
        <dt>{run.score_name === "accuracy" ? "accuracy" : "R²"}</dt>
        <dd>{run.score_name === "accuracy" ? percent(score) : number(score, 3)}</dd>
      </dl>
      <ul class="differences">
        {run.differences.slice(0, 6).map((each) => (
          <li key={each.path}>
            {each.label}{" "}
            <b>
              {typeof each.value === "object" && each.value !== null
                ? said(each.value)
                : String(each.value)}
            </b>
          </li>
        ))}
      </ul>
      <button type="button" class="quiet outlined" onClick={() => store.change(run.settings)}>
        Train with these settings
      </button>
    </li>
  );
}

/** A setting in a few words: layers as their widths and activations. */
function said(value: any): string {
  if (Array.isArray(value) && value.every((each) => each?.width && each?.activation))
    return value.map((layer) => `${layer.width} ${layer.activation.name}`).join(", ") || "none";
  return value.name ?? JSON.stringify(value).slice(0, 40);
}
