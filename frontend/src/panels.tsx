// The column at the left: data, inputs, training and stopping.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Control, DESCRIBED, SettingControl } from "./fields.tsx";
import { count, counted, featureName } from "./format.ts";
import { Icon } from "./icons.tsx";
import { type Settings, withValue } from "./settings.ts";
import type { Store } from "./store.ts";
import { Thumb, hasThumb } from "./thumbs.tsx";
import { type Page, usePage } from "./ui.ts";

function Panel(props: {
  title: string;
  part: string;
  children: ComponentChildren;
  note?: ComponentChildren;
}): JSX.Element {
  return (
    <details class="panel" open data-part={props.part}>
      <summary>
        <h2>{props.title}</h2>
        {props.note && <span class="note">{props.note}</span>}
      </summary>
      <div class="panel-body">{props.children}</div>
    </details>
  );
}

function SeedControl(props: { where: string; title: string; label: string }): JSX.Element {
  const { store } = usePage();
  return (
    <div class="seed">
      <SettingControl where={props.where} />
      <button
        type="button"
        class="quiet"
        title={props.title}
        aria-label={props.label}
        onClick={() => store.setAt(props.where, newSeed())}
      >
        <Icon name="dice" />
      </button>
    </div>
  );
}

export function Panels(): JSX.Element {
  const { store } = usePage();
  const watched = Boolean(store.run.value?.live);
  return (
    <aside class={`panels${watched ? " watched" : ""}`} aria-label="Settings" inert={watched}>
      {watched && <p class="note waiting">A running fit is watched here: it goes on as its program says.</p>}
      <Problems />
      <DataPanel />
      <InputsPanel />
      <TrainingPanel />
    </aside>
  );
}

const FORMULAS = "inputs.features";

/** What the server could not take; the run goes on with the settings before. */
function Problems(): JSX.Element | null {
  const { store, ui } = usePage();
  const problems = store.problems.value.filter((each) => each.path !== FORMULAS || ui.formula.value === null);
  if (problems.length === 0) return null;
  return (
    <div class="problems" role="alert">
      {problems.map((problem) => (
        <p key={problem.message}>{problem.message}</p>
      ))}
      <p>Nothing was changed.</p>
      <button type="button" class="quiet outlined" onClick={() => store.forgetProblems()}>
        All right
      </button>
    </div>
  );
}

const newSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! % 100000;

// --- data ------------------------------------------------------------------------------------------------------------

/** The source of rows that came from Python, with a network of their own. */
const GIVEN = "given";

/** Settings without what only a network from Python has: layers wider than those that are made here, rows as they came. */
function withoutGiven(settings: Settings, widest: number): Settings {
  if (settings.data.source !== GIVEN) return settings;
  const layers = settings.network.layers.map((layer) => ({ ...layer, width: Math.min(layer.width, widest) }));
  return {
    ...settings,
    data: { ...settings.data, scale: true, train_share: 0.7 },
    network: { ...settings.network, layers },
  };
}

/** Take another source; what was added, removed or uploaded belongs to the old one. */
function chooseSource({ store, ui }: Page, source: string): void {
  const settings = withoutGiven(store.settings.peek()!, store.catalog.peek()?.limits.width ?? 64);
  if (settings.data.source === source) return;
  ui.selectNeuron(null);
  const plane = store.catalog.peek()?.sources.find((each) => each.name === source)?.editable ?? true;
  const data = { ...settings.data, source, added: [], removed: [], table: null };
  store.change({
    ...settings,
    data,
    inputs: { ...settings.inputs, features: null as any, view: { mode: plane ? "columns" : "components", x: null, y: null } },
  });
}

function DataPanel(): JSX.Element | null {
  const page = usePage();
  const { store } = page;
  const settings = store.settings.value;
  const catalog = store.catalog.value;
  const dataset = store.dataset.value;
  if (!settings || !catalog) return null;
  const given = settings.data.source === GIVEN;
  const chosen = catalog.sources.find((source) => source.name === settings.data.source);
  const pictured = catalog.sources.filter((source) => hasThumb(source.name));
  const listed = catalog.sources.filter((source) => !hasThumb(source.name) && source.name !== "table");
  return (
    <Panel title="Data" part="data" note={dataset && `${count(dataset.train)} + ${count(dataset.validation)} rows`}>
      <div class="sources" role="group" aria-label="Made-up data">
        {pictured.map((source) => (
          <button
            type="button"
            key={source.name}
            data-source={source.name}
            aria-pressed={source.name === settings.data.source}
            title={`${source.label}. ${source.help ?? ""}`}
            aria-label={source.label}
            onClick={() => chooseSource(page, source.name)}
          >
            <Thumb name={source.name} regression={source.group === "regression"} />
          </button>
        ))}
      </div>
      <div class="field choice">
        <label for="listed-source">Known tables</label>
        <select
          id="listed-source"
          value={listed.some((source) => source.name === settings.data.source) ? settings.data.source : ""}
          onChange={(event) => event.currentTarget.value && chooseSource(page, event.currentTarget.value)}
        >
          <option value="">–</option>
          {listed.map((source) => (
            <option key={source.name} value={source.name} title={source.help}>
              {source.label}
            </option>
          ))}
        </select>
      </div>
      <OwnTable />
      {dataset?.notes?.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
      {chosen?.size && <SettingControl where="data.size" />}
      {chosen?.noise && <SettingControl where="data.noise" />}
      {!given && <SettingControl where="data.train_share" />}
      {!given && (
        <details class="more" open={settings.data.scale === false}>
          <summary>More</summary>
          <div class="fields">
            <SeedControl where="data.seed" title="Other data of the same kind" label="New seed for the data" />
            <SettingControl where="data.scale" />
          </div>
        </details>
      )}
    </Panel>
  );
}

export async function uploadFile(store: Store, file: File): Promise<void> {
  await store.sendFile({ kind: "upload", name: file.name, size: file.size }, file, "A table", "upload_bytes");
}

function OwnTable(): JSX.Element {
  const { store, ui } = usePage();
  const file = useRef<HTMLInputElement>(null);
  const table = (store.dataset.value as any)?.table;
  const own = store.settings.value?.data.source === "table";
  return (
    <div class="own">
      <div class="row">
        <button
          type="button"
          class="quiet"
          onClick={() => file.current?.click()}
          title="CSV, TSV or Parquet; or drop a file anywhere on the page"
        >
          <Icon name="open" />
          <span>Own table</span>
        </button>
        <input
          ref={file}
          type="file"
          hidden
          data-test="upload"
          aria-label="Table"
          accept=".csv,.tsv,.txt,.parquet"
          onChange={(event) => {
            const chosen = event.currentTarget.files?.[0];
            event.currentTarget.value = "";
            if (chosen) void uploadFile(store, chosen);
          }}
        />
        <button type="button" class="quiet" onClick={() => (ui.dialog.value = "paste")}>
          Paste…
        </button>
        {own && table && (
          <button type="button" class="quiet" onClick={() => (ui.dialog.value = "roles")}>
            Columns…
          </button>
        )}
      </div>
      {own && table && (
        <p class="note">
          <strong>{table.name}</strong>: predicts <em>{table.columns.find((column: any) => column.role === "target")?.name}</em> from{" "}
          {counted(table.columns.filter((column: any) => column.role === "input").length, "column")}
        </p>
      )}
    </div>
  );
}

export function PasteDialog(): JSX.Element {
  const { store, ui } = usePage();
  const [text, setText] = useState("");
  return (
    <form
      class="dialog-body"
      onSubmit={(event) => {
        event.preventDefault();
        store.send({ kind: "paste", text });
        ui.dialog.value = null;
      }}
    >
      <h2>Paste a table</h2>
      <p>
        With names in its first line; commas, tabs or semicolons between the cells. The last column is predicted, until
        you choose another.
      </p>
      <textarea
        aria-label="Table"
        rows={12}
        value={text}
        placeholder={"height,weight,kind\n1.2,30,cat\n…"}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="row end">
        <button type="button" class="quiet" onClick={() => (ui.dialog.value = null)}>
          Cancel
        </button>
        <button type="submit" class="solid" disabled={text.trim() === ""}>
          Use it
        </button>
      </div>
    </form>
  );
}

/** Roles and kinds of an own table's columns. */
const FILLS: Record<string, string> = {
  median: "median",
  mean: "mean",
  zero: "0",
  none: "no category",
  frequent: "most frequent",
  level: "one of their own",
  drop: "leave the rows out",
};

/** Which levels of which columns are kept; without those of a column, the most frequent are. */
function changedLevels(
  all: Record<string, string[]> | undefined,
  column: string,
  levels: string[] | null,
): Record<string, string[]> {
  const { [column]: _, ...others } = all ?? {};
  return levels ? { ...others, [column]: levels } : others;
}

/** The categories of a column: those that are ticked become inputs, the rest is one, called other. */
function Levels({ column, change }: { column: any; change: (levels: string[] | null) => void }): JSX.Element {
  const kept: string[] = column.kept;
  const toggle = (level: string) =>
    change(kept.includes(level) ? kept.filter((each) => each !== level) : [...kept, level]);
  return (
    <details class="levels">
      <summary>
        {kept.slice(0, 4).join(", ")}
        {kept.length > 4 ? " …" : ""} <small>edit</small>
      </summary>
      <div class="levels-list" role="group" aria-label={`Categories of ${column.name}`}>
        {column.levels.map((level: string, place: number) => (
          <label class="check" key={level}>
            <input
              type="checkbox"
              checked={kept.includes(level)}
              disabled={(kept.length === 1 && kept[0] === level) || (kept.length >= MOST_LEVELS && !kept.includes(level))}
              onChange={() => toggle(level)}
            />
            {level || "(empty)"} <small>{column.counts[place]}</small>
          </label>
        ))}
      </div>
      <p>
        What is not ticked becomes “other”.{" "}
        <button type="button" class="text" onClick={() => change(null)}>
          As found
        </button>
      </p>
    </details>
  );
}

const MOST_LEVELS = 20;

export function RolesDialog(): JSX.Element | null {
  const { store, ui } = usePage();
  const table = (store.dataset.value as any)?.table;
  const described = store.settings.value?.data.table;
  if (!table || !described) return null;
  const change = (more: Record<string, unknown>) => store.setAt("data.table", { ...described, ...more });
  const setRole = (column: string, role: string) => {
    if (role === "target") change({ target: column, roles: { ...described.roles, [column]: "input" } });
    else change({ roles: { ...described.roles, [column]: role } });
  };
  return (
    <div class="dialog-body wide">
      <h2>Columns of {table.name}</h2>
      <Problems />
      <div class="scroll">
        <table class="sheet">
          <thead>
            <tr>
              <th scope="col">column</th>
              <th scope="col">role</th>
              <th scope="col">taken as</th>
              <th scope="col">missing cells</th>
              <th scope="col">distinct</th>
              <th scope="col">categories and notes</th>
            </tr>
          </thead>
          <tbody>
            {table.columns.map((column: any) => (
              <tr key={column.name}>
                <th scope="row">{column.name}</th>
                <td>
                  <select
                    aria-label={`Role of ${column.name}`}
                    value={column.name === described.target ? "target" : column.role}
                    onChange={(event) => setRole(column.name, event.currentTarget.value)}
                  >
                    <option value="input">input</option>
                    <option value="target" disabled={!table.targets.includes(column.name)}>
                      predicted
                    </option>
                    <option value="ignore">left out</option>
                  </select>
                </td>
                <td>
                  <select
                    aria-label={`Kind of ${column.name}`}
                    value={column.kind}
                    onChange={(event) =>
                      change({ kinds: { ...described.kinds, [column.name]: event.currentTarget.value } })
                    }
                  >
                    {[...new Set([column.kind, "number", "category"])].map((kind) => (
                      <option key={kind} value={kind}>
                        {kind}
                      </option>
                    ))}
                  </select>
                </td>
                <td>
                  {column.missing ?? 0}{" "}
                  {column.missing > 0 && column.fills && (
                    <select
                      aria-label={`Missing cells of ${column.name}`}
                      title="What stands for missing cells; learned from the rows that train"
                      value={column.fill}
                      onChange={(event) =>
                        change({ fills: { ...described.fills, [column.name]: event.currentTarget.value } })
                      }
                    >
                      {column.fills.map((fill: string) => (
                        <option key={fill} value={fill}>
                          {FILLS[fill] ?? fill}
                        </option>
                      ))}
                    </select>
                  )}
                </td>
                <td class="right">{column.distinct ?? ""}</td>
                <td class="note" title={column.note ?? ""}>
                  {column.kept ? (
                    <Levels
                      column={column}
                      change={(levels) => change({ levels: changedLevels(described.levels, column.name, levels) })}
                    />
                  ) : (
                    (column.levels ?? []).slice(0, 6).join(", ") + ((column.levels ?? []).length > 6 ? " …" : "")
                  )}{" "}
                  {column.note ?? ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <label class="field texts">
        <span title="What cells say that mean that there is nothing; of one column COLUMN=VALUE">Also missing</span>
        <input
          type="text"
          aria-label="Values that mean missing"
          placeholder="such as -999, unknown, age=-1"
          spellcheck={false}
          value={(described.missing ?? []).join(", ")}
          onChange={(event) => change({ missing: event.currentTarget.value.trim() ? [event.currentTarget.value] : [] })}
        />
      </label>
      <Control
        field={{
          name: "task",
          label: "Task",
          help: "What is predicted",
          kind: "choice",
          choices: [
            { name: "auto", label: "found from the column" },
            { name: "classification", label: "classes" },
            { name: "regression", label: "a number" },
          ],
        }}
        value={described.task ?? "auto"}
        change={(task) => change({ task })}
      />
      <div class="row end">
        <button type="button" class="solid" onClick={() => (ui.dialog.value = null)}>
          Done
        </button>
      </div>
    </div>
  );
}

// --- inputs ----------------------------------------------------------------------------------------------------------

/** Columns that are offered as inputs, to be pressed; more are written as formulas. */
const MOST_CHIPS = 40;

/** Adds an input; a formula that is refused stays to be corrected, with the reason below it. */
function OwnFormula({ features, add }: { features: string[]; add: (formula: string) => void }): JSX.Element {
  const { store, ui } = usePage();
  const [typed, setTyped] = useState("");
  const reason = useId();
  const taken = store.taken.value;
  const sent = ui.formula.value;
  const problem = sent === null ? undefined : store.problems.value.find((each) => each.path === FORMULAS)?.message;
  useEffect(() => {
    if (sent !== null && taken?.inputs.features?.includes(sent)) setTyped((now) => (now.trim() === sent ? "" : now));
    ui.formula.value = null;
  }, [taken]);
  return (
    <form
      class="row wrap"
      onSubmit={(event) => {
        event.preventDefault();
        const formula = typed.trim();
        if (!formula) return;
        if (features.includes(formula)) return setTyped("");
        ui.formula.value = formula;
        add(formula);
      }}
    >
      <input
        type="text"
        value={typed}
        placeholder="own: cos(x1) * x2"
        aria-label="Own formula"
        aria-invalid={Boolean(problem)}
        aria-describedby={problem && reason}
        spellcheck={false}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <button type="submit" class="quiet" aria-label="Add the formula" disabled={typed.trim() === ""}>
        <Icon name="plus" />
      </button>
      {problem && (
        <p class="problem" id={reason} role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

function InputsPanel(): JSX.Element | null {
  const { store } = usePage();
  const settings = store.settings.value;
  const catalog = store.catalog.value;
  const dataset = store.dataset.value;
  if (!settings || !catalog || !dataset) return null;
  const { inputs } = settings;
  const features = inputs.features ?? dataset.features;
  const plane = catalog.sources.find((source) => source.name === settings.data.source)?.editable ?? false;
  const columnsOf = dataset.axes.columns.slice(0, MOST_CHIPS).map((_, place) => `x${place + 1}`);
  const usual = plane ? catalog.features.map((each) => each.name) : columnsOf;
  const offered = [...new Set([...usual, ...(inputs.features ?? [])])];
  const label = (name: string) =>
    (!plane && /^x[1-9]\d*$/.test(name) && dataset.axes.columns[Number(name.slice(1)) - 1]) || featureName(name);
  const setFeatures = (next: string[]) => store.change(withValue(settings, ["inputs", "features"], next));
  const toggle = (name: string) =>
    setFeatures(features.includes(name) ? features.filter((each) => each !== name) : [...features, name]);
  const columns = dataset.axes.columns;
  const coded = dataset.columns.some((column) => column.kind === "category");
  return (
    <Panel title="Inputs" part="inputs" note={`${features.length}`}>
      {!dataset.embedded && (plane || inputs.features !== null) && (
        <div class="chips" role="group" aria-label="Inputs of the network">
          {offered.map((name) => (
            <button
              type="button"
              key={name}
              class="chip"
              aria-pressed={features.includes(name)}
              title={catalog.features.find((each) => each.name === name)?.help}
              disabled={features.length === 1 && features[0] === name}
              onClick={() => toggle(name)}
            >
              {label(name)}
            </button>
          ))}
        </div>
      )}
      {dataset.embedded ? (
        <p class="note">
          {count(dataset.features.length)} inputs, embedded in {count(dataset.embedded.names.length)} features before the
          first layer.
        </p>
      ) : plane || inputs.features !== null ? (
        <OwnFormula features={features} add={(formula) => setFeatures([...features, formula])} />
      ) : (
        <p class="note">
          All {dataset.features.length} inputs of the table.{" "}
          <button
            type="button"
            class="text"
            disabled={store.taken.value !== settings} // until the columns are those of the settings
            onClick={() => setFeatures(columnsOf)}
          >
            Choose or make some
          </button>
        </p>
      )}
      {columns.length > 2 && (
        <div class="axes">
          <div class="segments" role="group" aria-label="The map's plane">
            {(["columns", "components"] as const).map((mode) => (
              <button
                type="button"
                key={mode}
                aria-pressed={inputs.view.mode === mode}
                onClick={() => store.setAt("inputs.view", { mode, x: null, y: null })}
              >
                {mode === "columns" ? "two columns" : "components"}
              </button>
            ))}
          </div>
          {inputs.view.mode === "columns" &&
            (["x", "y"] as const).map((axis) => (
              <label key={axis} class="field choice">
                <span>{axis === "x" ? "Across" : "Up"}</span>
                <select
                  value={dataset.axes[axis].column}
                  onChange={(event) => {
                    const { x, y } = dataset.axes;
                    const chosen = { x: x.column, y: y.column, [axis]: Number(event.currentTarget.value) };
                    store.setAt("inputs.view", { ...inputs.view, ...chosen });
                  }}
                >
                  {columns.map((name, place) => (
                    <option key={name} value={place}>
                      {name}
                    </option>
                  ))}
                </select>
              </label>
            ))}
          <p class="note">
            {inputs.view.mode === "columns"
              ? `All other inputs stay at their median${coded ? ", categories at their most frequent level" : ""}.`
              : "The plane of the first two principal components."}
          </p>
        </div>
      )}
    </Panel>
  );
}

// --- training --------------------------------------------------------------------------------------------------------

const SHOWN_ELSEWHERE = new Set([
  "data.size",
  "data.noise",
  "data.seed",
  "data.train_share",
  "data.scale",
  "data.source",
]);

function TrainingPanel(): JSX.Element | null {
  const { store } = usePage();
  const catalog = store.catalog.value;
  const settings = store.settings.value;
  if (!catalog || !settings) return null;
  const all = [...catalog.fields, ...DESCRIBED].filter(
    (field) =>
      field.path &&
      !SHOWN_ELSEWHERE.has(field.path) &&
      !field.path.includes("[]") &&
      !field.path.startsWith("data.") &&
      !field.path.startsWith("inputs."),
  );
  const first = ["training.learning_rate", "training.batch_size", "training.optimizer", "training.loss", "training.l2"];
  const main = first.flatMap((where) => all.filter((field) => field.path === where));
  const start = all.filter((field) => field.path!.startsWith("network."));
  const stop = all.filter((field) => field.path!.startsWith("stop."));
  const more = all.filter((field) => ![...main, ...start, ...stop].includes(field));
  const control = (field: (typeof all)[number]) => (
    <SettingControl key={field.path} where={field.path!} field={field} />
  );
  return (
    <>
      <Panel title="Training" part="training">
        {main.map(control)}
        <details class="more">
          <summary>More</summary>
          <div class="fields">{more.map(control)}</div>
        </details>
      </Panel>
      <Panel title="Start and stop" part="start">
        {start.filter((field) => field.path !== "network.seed").map(control)}
        <SeedControl where="network.seed" title="Other initial weights" label="New seed for the network" />
        {stop.map(control)}
      </Panel>
    </>
  );
}
