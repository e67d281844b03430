// Inside one step: forward, loss, backward, update; every number of it as the engine's trace has it.
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { diverging } from "./colour.ts";
import { NumberBox } from "./fields.tsx";
import { count, featureName, number, subscript, weightName } from "./format.ts";
import { Expression, FormulaView } from "./formula.tsx";
import { Icon } from "./icons.tsx";
import { InputsTable, featuresOf } from "./inputs.tsx";
import { IN_SUMMARY, MOST_NEURONS } from "./layout.ts";
import { useNeuronName } from "./network.tsx";
import { Cell, at } from "./numbers.tsx";
import type { Answer } from "./store.ts";
import { type NeuronPlace, usePage } from "./ui.ts";

const STAGES = [
  {
    name: "forward",
    title: "Forward",
    says: "Each neuron adds up what it is given, w·x + b, and its activation g bends the sum.",
  },
  { name: "loss", title: "Loss", says: "What came out is compared with what should have: one number to make small." },
  {
    name: "backward",
    title: "Backward",
    says: "From the outputs back: δ says how the loss moves with each sum z, and δ·a how it moves with each weight.",
  },
  { name: "update", title: "Update", says: "The optimiser moves every weight a little against its gradient." },
] as const;
type Stage = (typeof STAGES)[number]["name"];

/** The neuron whose numbers are shown; an input only where something is done to it. */
function chosenPlace(chosen: NeuronPlace | null, answer: Answer | null): NeuronPlace {
  return chosen && (chosen.layer >= 0 || answer?.content.inputs) ? chosen : { layer: 0, neuron: 0 };
}

export function StepView(): JSX.Element {
  const { store, ui } = usePage();
  const stage = ui.stage.value;
  const setStage = (next: number) => (ui.stage.value = next);
  const [row, setRow] = useState(0);
  const [single, setSingle] = useState<number | null>(null);
  const answer = store.answers.explanation!.value;
  const playing = store.playing.value;
  const step = store.step.value;
  const run = store.run.value;
  const place = chosenPlace(ui.neuron.value, answer);
  const weight = ui.weight.value;
  const input = weight && weight[1] === "weights" && weight[0] === place.layer ? weight[2] : 0;
  const ask = () => store.send({ kind: "explain", rows: single === null ? "batch" : [single] });
  const layout = run?.widths.join();
  const watched = Boolean(run?.live);
  useEffect(() => {
    if (!playing && !watched) ask();
  }, [playing, watched, step, store.batch.value, single, run?.id, layout, run?.frozen.length, run?.marks, store.taken.value]);
  const rows: number[] = answer?.content.rows ?? [];
  const shownRow = Math.min(row, Math.max(rows.length - 1, 0));
  useEffect(() => {
    if (answer) store.send({ kind: "formulas", layer: place.layer, neuron: place.neuron, input, row: shownRow });
  }, [answer, place.layer, place.neuron, input, shownRow]);
  const go = (by: number) => {
    const next = stage + by;
    if (next >= STAGES.length) {
      store.send({ kind: "step", unit: "batch", count: 1 });
      setStage(0);
    } else setStage(Math.max(next, 0));
  };
  const current = STAGES[stage]!;
  return (
    <div class="step" data-part="step" data-stage={current.name}>
      <div class="bar wrap">
        <div class="stages" role="tablist" aria-label="Stages of a step">
          {STAGES.map((each, index) => (
            <button
              type="button"
              role="tab"
              key={each.name}
              data-stage={each.name}
              aria-selected={index === stage}
              onClick={() => setStage(index)}
            >
              <i>{index + 1}</i>
              {each.title}
            </button>
          ))}
        </div>
        <button
          type="button"
          class="quiet"
          aria-label="Stage before"
          title="Stage before"
          disabled={stage === 0}
          onClick={() => go(-1)}
        >
          <Icon name="left" />
        </button>
        <button
          type="button"
          class="quiet"
          data-test="stage-next"
          title={stage === 3 ? "Take this step, and look at the next" : "Next stage"}
          onClick={() => go(1)}
        >
          {stage === 3 && <span>Take the step</span>}
          {stage !== 3 && <span class="visually-hidden">Next stage</span>}
          <Icon name="right" />
        </button>
        <span class="spacer" />
        <div class="segments" role="group" aria-label="Rows">
          <button type="button" aria-pressed={single === null} onClick={() => setSingle(null)}>
            next batch
          </button>
          <button
            type="button"
            aria-pressed={single !== null}
            onClick={() => setSingle(store.points.peek()?.row[0] ?? 0)}
          >
            one row
          </button>
        </div>
        {single !== null && (
          <NumberBox
            label="Row"
            value={single}
            change={(value) => value !== null && value >= 0 && setSingle(Math.round(value))}
          />
        )}
        {rows.length > 1 && (
          <label class="inline">
            row{" "}
            <select
              aria-label="Row of the batch"
              value={shownRow}
              onChange={(event) => setRow(Number(event.currentTarget.value))}
            >
              {rows.map((index, position) => (
                <option key={index} value={position}>
                  {index}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {watched ? (
        <p class="note waiting">
          A running fit is watched: open it with <code>pellucid.workbench.show</code> to look inside a step.
        </p>
      ) : playing ? (
        <p class="note waiting">
          Training runs.{" "}
          <button type="button" class="text" onClick={() => store.togglePlay()}>
            Pause it
          </button>{" "}
          to look inside a step.
        </p>
      ) : !answer ? (
        <p class="note waiting">Working out the next step…</p>
      ) : (
        <div class="step-body">
          <div class="step-left">
            <p class="says">{current.says}</p>
            <Numbers answer={answer} row={shownRow} stage={current.name} />
          </div>
          <Working
            stage={current.name}
            answer={answer}
            row={shownRow}
            layer={place.layer}
            neuron={place.neuron}
            input={input}
          />
        </div>
      )}
    </div>
  );
}

const SHOWN: Record<Stage, { buffer: string; perRow: boolean; says: string }> = {
  forward: { buffer: "out", perRow: true, says: "a, what each neuron hands on" },
  loss: { buffer: "out", perRow: true, says: "a, what each neuron hands on" },
  backward: { buffer: "delta", perRow: true, says: "δ, how the loss moves with each sum" },
  update: { buffer: "d_bias", perRow: false, says: "∂L/∂b, the gradient of each bias" },
};

/** The network in numbers: a column a layer, a cell a neuron; press one to see how its number came about. */
function Numbers({ answer, row, stage }: { answer: Answer; row: number; stage: Stage }): JSX.Element {
  const { store, ui } = usePage();
  const name = useNeuronName();
  const features = store.dataset.value?.features ?? [];
  const layers: any[] = answer.content.layers;
  const { buffer, perRow, says } = SHOWN[stage];
  const chosen = chosenPlace(ui.neuron.value, answer);
  const width = (index: number) => answer.arrays[`bias.${index}`]?.shape[0] ?? 0;
  const columns = layers.map((_, index) =>
    Array.from({ length: width(index) > MOST_NEURONS ? IN_SUMMARY : width(index) }, (_, neuron) =>
      perRow ? at(answer, `${buffer}.${index}`, row, neuron) : at(answer, `${buffer}.${index}`, neuron),
    ),
  );
  const scale = Math.max(1e-12, ...columns.flat().map((value) => Math.abs(value ?? 0)));
  const made = answer.content.inputs;
  const inputs = answer.arrays.columns?.shape[1] ?? 0;
  const shown = featuresOf(answer, chosen);
  const tall = Math.max(inputs, shown.length, ...columns.map((column) => column.length)) > 8;
  const backwards = stage === "backward" || stage === "update";
  return (
    <>
      <div class={`numbers-grid${backwards ? " backwards" : ""}${tall ? " tall" : ""}`}>
        <div class="numbers-column">
          <span class="head-title">inputs</span>
          {Array.from({ length: Math.min(inputs, 64) }, (_, place) => {
            const level = made?.columns[place]?.levels[row];
            const value: string = level ?? number(at(answer, "columns", row, place), 3);
            const content = (
              <>
                <small>{featureName(features[place] ?? "")}</small> <span class="level">{value}</span>
              </>
            );
            return made ? (
              <button
                type="button"
                key={place}
                class="cell input"
                aria-pressed={chosen.layer === -1 && chosen.neuron === place}
                aria-label={`${name({ layer: -1, neuron: place })}: ${value}`}
                onClick={() => ui.selectNeuron({ layer: -1, neuron: place })}
              >
                {content}
              </button>
            ) : (
              <span key={place} class="cell plain" title={features[place]}>
                {content}
              </span>
            );
          })}
        </div>
        {made && (
          <div class="numbers-column">
            <span class="head-title">{made.columns.length ? "embedded" : "scaled"}</span>
            {shown.map((feature) => (
              <span key={feature} class="cell plain" title={made.features[feature]}>
                <small>{featureName(made.features[feature])}</small>{" "}
                {number(at(answer, backwards ? "d_features.-1" : "features.-1", row, feature), 3)}
              </span>
            ))}
            {shown.length < made.features.length && (
              <span class="note">
                {shown.length} of {made.features.length}
              </span>
            )}
          </div>
        )}
        {columns.map((column, layer) => (
          <div key={layer} class="numbers-column">
            <span class="head-title">{layer < layers.length - 1 ? `layer ${layer + 1}` : "output"}</span>
            {column.map((value, neuron) => {
              const share = Math.max(-1, Math.min(1, (value ?? 0) / scale));
              return (
                <button
                  type="button"
                  key={neuron}
                  class="cell"
                  aria-pressed={chosen.layer === layer && chosen.neuron === neuron}
                  aria-label={`${name({ layer, neuron })}: ${number(value, 3)}`}
                  title={String(value)}
                  style={{
                    borderColor: diverging(ui.theme.value, share || 0),
                    background: `color-mix(in srgb, ${diverging(ui.theme.value, share || 0)} 28%, var(--card))`,
                  }}
                  onClick={() => ui.selectNeuron({ layer, neuron })}
                >
                  {number(value, 3)}
                </button>
              );
            })}
            {column.length < width(layer) && <span class="note">and {width(layer) - column.length} more</span>}
            {layer === layers.length - 1 && stage === "loss" && (
              <span class="cell plain">
                <small>y</small>{" "}
                {Array.from({ length: answer.arrays.targets?.shape[1] ?? 0 }, (_, place) =>
                  number(at(answer, "targets", row, place), 3),
                ).join(", ")}
              </span>
            )}
          </div>
        ))}
      </div>
      <p class="note">{says}. Press a number to see how it came about.</p>
      {(answer.content.notes ?? []).map((note: string) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
    </>
  );
}

interface WorkingProps {
  stage: Stage;
  answer: Answer;
  row: number;
  layer: number;
  neuron: number;
  input: number;
}

function Working(props: WorkingProps): JSX.Element {
  const { store, ui } = usePage();
  const name = useNeuronName();
  const { stage, layer, neuron, input } = props;
  const formulas = store.formulas.value;
  const fits = formulas && formulas.layer === layer && formulas.neuron === neuron;
  const width = props.answer.arrays[`inputs.${layer}`]?.shape[1] ?? 0;
  return (
    <>
      <div class="step-formulas">
        <div class="row wrap">
          <strong>{stage === "loss" ? "The loss" : name({ layer, neuron })}</strong>
          {layer >= 0 && (stage === "backward" || stage === "update") && (
            <label class="inline">
              weight{" "}
              <select
                aria-label="Weight"
                value={input}
                onChange={(event) => ui.selectWeight([layer, "weights", Number(event.currentTarget.value), neuron])}
              >
                {Array.from({ length: width }, (_, place) => (
                  <option key={place} value={place}>
                    {weightName(place, neuron)}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
        <div class="formulas" aria-live="polite">
          {fits ? (
            formulas[stage].map((formula) => <FormulaView key={formula.left + formula.symbols} formula={formula} />)
          ) : (
            <p class="note">…</p>
          )}
        </div>
      </div>
      <div class="step-table">
        {stage === "loss" && <LossTable {...props} />}
        {layer < 0 && stage !== "loss" && <InputsTable {...props} input={neuron} />}
        {layer >= 0 && stage === "forward" && <ForwardTable {...props} />}
        {layer >= 0 && stage === "backward" && <Contributions {...props} />}
        {stage === "backward" && <GradientCheck {...props} />}
        {layer >= 0 && stage === "update" && <UpdateTable {...props} />}
      </div>
    </>
  );
}

function ForwardTable({ answer, layer, neuron, row }: WorkingProps): JSX.Element {
  const features: string[] = answer.content.layers[0].inputs;
  const width = answer.arrays[`inputs.${layer}`]?.shape[1] ?? 0;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Inputs and weights of the neuron">
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">input</th>
            <th scope="col">value</th>
            <th scope="col">weight</th>
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: width }, (_, place) => (
            <tr key={place}>
              <th scope="row" class="short" title={layer === 0 ? features[place] : undefined}>
                {layer === 0 ? featureName(features[place] ?? `x${place + 1}`) : `a${subscript(place + 1)}`}
              </th>
              <Cell value={at(answer, `inputs.${layer}`, row, place)} />
              <Cell value={at(answer, `weights.${layer}`, place, neuron)} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LossTable({ answer, row }: WorkingProps): JSX.Element {
  const rows: number[] = answer.content.rows;
  const last = answer.content.layers.length - 1;
  const outputs = answer.arrays.targets?.shape[1] ?? 0;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="The rows' losses">
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">row</th>
            <th scope="col">prediction</th>
            <th scope="col">target y</th>
            <th scope="col">loss ℓ</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((index, place) => (
            <tr key={index} class={place === row ? "chosen" : ""}>
              <th scope="row">{index}</th>
              {[`out.${last}`, "targets"].map((name) => (
                <td key={name} class="num several">
                  {Array.from({ length: outputs }, (_, output) => (
                    <span key={output}>{number(at(answer, name, place, output), 3)} </span>
                  ))}
                </td>
              ))}
              <Cell value={at(answer, "loss_rows", place)} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={3}>
              L, their mean{answer.content.penalty ? `, and the penalty ${number(answer.content.penalty)}` : ""}
            </th>
            <td class="num" data-test="step-loss">
              {number(answer.content.loss)}
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** What each row adds to a weight's gradient. */
function Contributions({ answer, layer, neuron, input }: WorkingProps): JSX.Element | null {
  const { ui } = usePage();
  const rows: number[] = answer.content.rows;
  if (!answer.arrays[`row_d_weights.${layer}`])
    return <p class="note">The rows' shares are left out: there are too many weights.</p>;
  const shares = rows.map((_, place) => at(answer, `row_d_weights.${layer}`, place, input, neuron) ?? 0);
  const all = at(answer, `d_weights.${layer}`, input, neuron);
  const penalty = answer.content.penalty ? (all ?? 0) - shares.reduce((sum, share) => sum + share, 0) : 0;
  const bars = [
    ...shares.map((share, place) => ({ name: String(rows[place]), title: `row ${rows[place]}: ${share}`, share })),
    ...(penalty ? [{ name: "penalty", title: `the penalty's derivative: ${penalty}`, share: penalty }] : []),
  ];
  const most = Math.max(1e-15, ...bars.map((bar) => Math.abs(bar.share)));
  return (
    <div class="contributions">
      <p class="note">
        What each row adds to <Expression text={`∂L/∂${weightName(input, neuron)}`} />:
      </p>
      <div class="bars">
        {bars.map(({ name, title, share }) => (
          <div key={name} class="bar-row" title={title}>
            <span class="num">{name}</span>
            <span class="track">
              <i
                class={share < 0 ? "minus" : "plus"}
                style={{
                  width: `${(50 * Math.abs(share)) / most}%`,
                  background: diverging(ui.theme.value, Math.sign(share) * 0.75),
                }}
              />
            </span>
            <span class="num">{number(share, 3)}</span>
          </div>
        ))}
      </div>
      <p class="sum">
        together <b class="num">{number(all)}</b>
      </p>
    </div>
  );
}

function UpdateTable({ answer, layer, neuron }: WorkingProps): JSX.Element {
  const terms: string[] = answer.content.terms ?? [];
  const width = answer.arrays[`weights.${layer}`]?.shape[0] ?? 0;
  const line = (
    label: string,
    old: string,
    gradient: string,
    used: string,
    fresh: string,
    term: (name: string) => [string, string],
    ...place: number[]
  ) => (
    <tr key={label}>
      <th scope="row">{label}</th>
      <Cell value={at(answer, old, ...place)} />
      <Cell value={at(answer, gradient, ...place)} digits={3} />
      <Cell value={at(answer, used, ...place)} digits={3} />
      <Cell value={at(answer, fresh, ...place)} />
      {terms.map((name) => {
        const [before, after] = term(name);
        return (
          <td key={name} class="num">
            {number(at(answer, before, ...place), 3)} → {number(at(answer, after, ...place), 3)}
          </td>
        );
      })}
    </tr>
  );
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Old and new values">
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">θ</th>
            <th scope="col">old</th>
            <th scope="col">∂L/∂θ</th>
            <th scope="col" title="With penalty and clipping: what the optimiser is given">
              g
            </th>
            <th scope="col">new</th>
            {terms.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {line(
            `b${subscript(neuron + 1)}`,
            `bias.${layer}`,
            `d_bias.${layer}`,
            `g_bias.${layer}`,
            `new_bias.${layer}`,
            (name) => [`${name}.bias.${layer}`, `${name}_new.bias.${layer}`],
            neuron,
          )}
          {Array.from({ length: Math.min(width, 100) }, (_, place) =>
            line(
              weightName(place, neuron),
              `weights.${layer}`,
              `d_weights.${layer}`,
              `g_weights.${layer}`,
              `new_weights.${layer}`,
              (name) => [`${name}.weights.${layer}`, `${name}_new.weights.${layer}`],
              place,
              neuron,
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function GradientCheck({ layer, neuron, input }: WorkingProps): JSX.Element {
  const { store } = usePage();
  const answer = store.answers.gradient_check!.value;
  const entries: any[] = useMemo(() => answer?.content.entries ?? [], [answer]);
  const there = store.run.value?.layout.reduce(
    (sum, block) => sum + block.shape.reduce((product, length) => product * length, 1),
    0,
  );
  return (
    <div class="check-gradient">
      <div class="row wrap">
        {layer >= 0 && (
          <button
            type="button"
            class="quiet outlined"
            onClick={() => store.send({ kind: "check_gradient", parameters: [[layer, "weights", input, neuron]] })}
          >
            Check this gradient
          </button>
        )}
        <button
          type="button"
          class="quiet outlined"
          data-test="check-all"
          onClick={() => store.send({ kind: "check_gradient", parameters: "all" })}
        >
          Check all
        </button>
        {answer && (
          <span class={`badge ${answer.content.passed ? "good" : "bad"}`} data-test="check-result">
            {answer.content.passed ? "agrees" : "differs"}: largest difference {number(answer.content.largest, 2)} in{" "}
            {count(answer.content.count)}
            {answer.content.count > 1 && there && answer.content.count < there ? ` of ${count(there)} parameters` : ""}
          </span>
        )}
      </div>
      {entries.length > 0 && (
        <details class="more">
          <summary>Chain rule beside central differences</summary>
          <div class="scroll" tabIndex={0} role="region" aria-label="Chain rule beside central differences">
            <table class="sheet">
              <thead>
                <tr>
                  <th scope="col">parameter</th>
                  <th scope="col">chain rule</th>
                  <th scope="col">measured</th>
                  <th scope="col">difference</th>
                </tr>
              </thead>
              <tbody>
                {entries.slice(0, 60).map((entry) => (
                  <tr key={JSON.stringify(entry.parameter)}>
                    <th scope="row">{entry.name ?? JSON.stringify(entry.parameter)}</th>
                    <Cell value={entry.analytic} digits={6} />
                    <Cell value={entry.numeric} digits={6} />
                    <Cell value={entry.error} digits={2} />
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </div>
  );
}
