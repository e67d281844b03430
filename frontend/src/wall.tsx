// The wall: two or three settings varied at once, every combination a network that trains, each a small live map.
import type { JSX } from "preact";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { type Arrangement, arrangement } from "./arrangement.ts";
import { TABLES, writeClasses, writeMap } from "./paint.ts";
import { NumberBox } from "./fields.tsx";
import { count, number, parse } from "./format.ts";
import { Icon } from "./icons.tsx";
import { LIST_RULES, listed } from "./listed.ts";
import { nameOf } from "./settings.ts";
import type { Catalog } from "./types.ts";
import type { NumberArray } from "./wire.ts";
import { ARROWS, usePage } from "./ui.ts";

/** A setting that the wall can vary: how its values are written, and read again. */
interface Axis {
  path: string;
  label: string;
  kind: "numbers" | "names" | "shapes";
  choices?: { name: string; label: string }[];
  start: string[];
}

const ACTIVATION = "network.layers[].activation";

const VARIED: Record<string, string[]> = {
  "training.learning_rate": ["0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1"],
  "training.l2": ["0", "0.001", "0.01", "0.1", "1"],
  "training.l1": ["0", "0.001", "0.01", "0.1"],
  "training.batch_size": ["1", "4", "10", "30", "100"],
  "data.noise": ["0", "0.1", "0.2", "0.3", "0.4"],
  "data.size": ["50", "100", "300", "1000"],
  "network.layers[].dropout": ["0", "0.1", "0.2", "0.4"],
  "network.layers[].width": ["1", "2", "4", "8", "16"],
  "network.seed": ["0", "1", "2", "3", "4", "5"],
  "data.train_share": ["0.1", "0.3", "0.5", "0.7", "0.9"],
};

function axes(catalog: Catalog): Axis[] {
  const numeric = catalog.fields
    .filter(
      (field) =>
        field.path && (field.path in VARIED || (field.kind === "number" && field.path.startsWith("training."))),
    )
    .map((field): Axis => ({
      path: field.path!,
      label: field.label,
      kind: "numbers",
      start: VARIED[field.path!] ?? [String(field.default ?? field.low ?? 0)],
    }));
  const named = (path: string, label: string, choices: { name: string; label: string }[], start: string[]): Axis => ({
    path,
    label,
    kind: "names",
    choices,
    start,
  });
  return [
    { path: "network.layers", label: "Hidden layers", kind: "shapes", start: ["2", "4", "8", "4 4", "8 8", "8 8 8"] },
    named(ACTIVATION, "Activation", catalog.activations, ["tanh", "relu", "logistic"]),
    named(
      "training.optimizer",
      "Optimiser",
      catalog.optimizers.filter((each) => each.name !== "lbfgs"),
      ["gradient_descent", "momentum", "adam"],
    ),
    named(
      "network.initializer",
      "Initial weights",
      catalog.initializers,
      catalog.initializers.slice(0, 3).map((each) => each.name),
    ),
    ...numeric,
  ];
}

export function WallView(): JSX.Element | null {
  const { store } = usePage();
  const catalog = store.catalog.value;
  const wall = store.wall.value;
  const offered = useMemo(() => (catalog ? axes(catalog) : []), [catalog]);
  const [chosen, setChosen] = useState(["training.learning_rate", "network.layers", ACTIVATION]);
  const [written, setWritten] = useState<Record<string, string>>({});
  const [epochs, setEpochs] = useState(300);
  if (!catalog) return null;
  const textOf = (axis: Axis) => written[axis.path] ?? axis.start.join("; ");
  const valuesOf = (axis: Axis) =>
    axis.kind === "names" ? textOf(axis).split("; ") : listed(axis.kind, textOf(axis)).values;
  const picked = chosen
    .map((path) => offered.find((axis) => axis.path === path))
    .filter((axis): axis is Axis => Boolean(axis));
  const isWrong = picked.some((axis) => axis.kind !== "names" && listed(axis.kind, textOf(axis)).problem);
  const networks = picked.reduce((product, axis) => product * valuesOf(axis).length, 1);
  const most = catalog.limits.wall ?? 200;
  const fits = networks >= 2 && networks <= most && new Set(chosen).size === chosen.length;
  const start = () => {
    const settings = store.settings.peek()!;
    const like = settings.network.layers[0] ?? {
      width: 4,
      activation: { name: "tanh" },
      dropout: 0,
      normalization: false,
    };
    const read = (axis: Axis, text: string): unknown => {
      if (axis.kind === "numbers") return parse(text);
      if (axis.kind === "names") return { name: text };
      return text
        .split(/[\s,×x]+/)
        .filter(Boolean)
        .map((width) => ({ ...like, width: Number(width) }));
    };
    const ordered = [...picked].sort((a, b) => valuesOf(a).length - valuesOf(b).length);
    store.send({
      kind: "wall",
      settings: Object.fromEntries(ordered.map((axis) => [axis.path, valuesOf(axis).map((text) => read(axis, text))])),
      epochs,
    });
  };
  return (
    <div class="wall" data-part="wall">
      <div class="wall-axes">
        {chosen.map((path, place) => {
          const axis = offered.find((each) => each.path === path) ?? offered[0]!;
          return (
            <fieldset key={place}>
              <legend class="visually-hidden">Setting {place + 1}</legend>
              <div class="row">
                <select
                  aria-label={`Setting ${place + 1}`}
                  value={axis.path}
                  onChange={(event) =>
                    setChosen(chosen.map((each, index) => (index === place ? event.currentTarget.value : each)))
                  }
                >
                  {offered.map((each) => (
                    <option
                      key={each.path}
                      value={each.path}
                      disabled={each.path !== axis.path && chosen.includes(each.path)}
                    >
                      {each.label}
                    </option>
                  ))}
                </select>
                {chosen.length > 1 && (
                  <button
                    type="button"
                    class="quiet small"
                    aria-label={`Leave out ${axis.label}`}
                    onClick={() => setChosen(chosen.filter((_, index) => index !== place))}
                  >
                    <Icon name="close" />
                  </button>
                )}
              </div>
              <AxisValues
                axis={axis}
                text={textOf(axis)}
                change={(text) => setWritten({ ...written, [axis.path]: text })}
              />
            </fieldset>
          );
        })}
        <div class="wall-go">
          {chosen.length < 3 && (
            <button
              type="button"
              class="quiet"
              onClick={() => setChosen([...chosen, offered.find((axis) => !chosen.includes(axis.path))!.path])}
            >
              <Icon name="plus" />
              <span>Setting</span>
            </button>
          )}
          <label class="inline">
            epochs{" "}
            <NumberBox
              label="Epochs of the wall"
              value={epochs}
              change={(value) => value && setEpochs(Math.max(1, Math.round(value)))}
            />
          </label>
          {wall?.running ? (
            <button type="button" class="solid" onClick={() => store.send({ kind: "wall_stop" })}>
              Stop
            </button>
          ) : (
            <button
              type="button"
              class="solid"
              data-test="wall-start"
              disabled={!fits || isWrong}
              title={isWrong ? "A list has a value that is none" : fits ? undefined : `A wall has 2 to ${most} networks`}
              onClick={start}
            >
              Train {count(networks)} networks
            </button>
          )}
          {!fits && !isWrong && <span class="note">2 to {most} networks, please</span>}
        </div>
      </div>
      <Cells />
    </div>
  );
}

interface AxisProps {
  axis: Axis;
  text: string;
  change: (text: string) => void;
}

function AxisValues(props: AxisProps): JSX.Element {
  return props.axis.kind === "names" ? <AxisNames {...props} /> : <AxisList {...props} kind={props.axis.kind} />;
}

function AxisNames({ axis, text, change }: AxisProps): JSX.Element {
  const values = text.split("; ");
  return (
    <div class="chips">
      {axis.choices!.map((choice) => (
        <button
          type="button"
          class="chip"
          key={choice.name}
          aria-pressed={values.includes(choice.name)}
          disabled={values.length === 1 && values[0] === choice.name}
          onClick={() =>
            change(
              (values.includes(choice.name)
                ? values.filter((each) => each !== choice.name)
                : [...values, choice.name]
              ).join("; "),
            )
          }
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}

/** Values that are written; what is none of them is named, and the wall waits. */
function AxisList({ axis, text, change, kind }: AxisProps & { kind: keyof typeof LIST_RULES }): JSX.Element {
  const reason = useId();
  const { problem } = listed(kind, text);
  return (
    <>
      <input
        type="text"
        aria-label={`Values of ${axis.label}`}
        aria-invalid={Boolean(problem)}
        aria-describedby={problem ? reason : undefined}
        title={LIST_RULES[kind]}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
      {problem && (
        <p class="problem" id={reason} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

/** Pixels of the names at the left, of a column of networks, and of the gap beside it. */
const [NAMES, LEAST, GAP] = [130, 44, 4];
const roomIn = (width: number): number => (width ? Math.max(1, Math.floor((width - NAMES) / (LEAST + GAP))) : Infinity);

/** The networks, in a table or the best first. */
function Cells(): JSX.Element | null {
  const { store, ui } = usePage();
  const wall = store.wall.value;
  const answer = store.answers.wall_frame!.value;
  const theme = ui.theme.value;
  const holder = useRef<HTMLDivElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!scroll.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(scroll.current);
    return () => observer.disconnect();
  }, [wall === null]);
  const [byLoss, setByLoss] = useState(false);
  const fresh = answer && wall && answer.content.cells === wall.cells.length ? answer : null;
  useEffect(() => {
    const maps = fresh?.arrays.maps;
    if (!maps || !holder.current) return;
    for (const canvas of holder.current.querySelectorAll<HTMLCanvasElement>("canvas"))
      paintCell(canvas, maps, Number(canvas.dataset.cell), theme);
  }, [fresh, theme, byLoss, wall?.cells.length]);
  if (!wall)
    return (
      <p class="note waiting">
        Choose what to vary. Every combination becomes a network; all of them train at once, from the same start. Press
        one to open it.
      </p>
    );
  const losses = wall.cells.map(
    (_, cell) => fresh?.arrays.loss?.data[2 * cell + 1] ?? fresh?.arrays.loss?.data[2 * cell] ?? NaN,
  );
  const trained = wall.cells.map((_, cell) => fresh?.arrays.loss?.data[2 * cell] ?? NaN);
  const measured = losses.map((loss, cell) => (Number.isNaN(loss) ? trained[cell]! : loss));
  const best = measured.reduce(
    (found, loss, cell) => (loss < (measured[found] ?? Infinity) || Number.isNaN(measured[found]!) ? cell : found),
    0,
  );
  const order = wall.cells.map((_, cell) => cell);
  if (byLoss)
    order.sort((a, b) =>
      Number.isNaN(measured[a]!) ? 1 : Number.isNaN(measured[b]!) ? -1 : measured[a]! - measured[b]!,
    );
  const labels = wall.paths.map(
    (path) => axes(store.catalog.peek()!).find((axis) => axis.path === path)?.label ?? path,
  );
  const scale = ui.scale.value;
  const room = roomIn(width / scale);
  const isList = byLoss || (wall.paths.length === 1 && wall.cells.length > room); // from line to line
  const table = isList ? null : arrangement(wall.cells.map((cell) => cell.values.map(String)), room);
  return (
    <>
      <div class="bar">
        <span class="note">
          epoch {count(wall.epoch)} of {count(wall.epochs)} · {wall.cells.length} networks · best loss
          {store.dataset.value?.validation ? " of the rows held out" : ""} {number(measured[best], 3)}
        </span>
        <progress max={wall.epochs} value={wall.epoch} aria-label="Progress of the wall" />
        <span class="spacer" />
        <label class="check">
          <input type="checkbox" checked={byLoss} onChange={(event) => setByLoss(event.currentTarget.checked)} />
          best first
        </label>
      </div>
      <div class="cells-scroll" ref={scroll}>
        <div
          class={`cells${table ? " matrix-of-cells" : ""}`}
          ref={holder}
          onKeyDown={(event) => goAlong(event, event.currentTarget)}
          style={
            table
              ? {
                  gridTemplateColumns: `minmax(76px, ${NAMES * scale}px) ${Array.from({ length: table.beside }, () => `repeat(${table.columns.length}, minmax(${LEAST * scale}px, ${104 * scale}px))`).join(" 12px ")}`,
                }
              : {}
          }
        >
          {table && <Names table={table} labels={labels} />}
          {order.map((cell) => {
            const { values, ended } = wall.cells[cell]!;
            const title = values.map((value, index) => `${labels[index]} ${nameOf(value as any) || value}`).join(", ");
            const score = fresh?.arrays.score?.data[2 * cell + 1];
            return (
              <button
                type="button"
                key={cell}
                class={`cell-map${cell === best ? " best" : ""}`}
                data-cell={cell}
                style={
                  table
                    ? { gridRow: String(table.places[cell]!.row), gridColumn: String(table.places[cell]!.column) }
                    : {}
                }
                title={`${title}. ${score === undefined || Number.isNaN(score) ? "" : `Score ${number(score, 3)}. `}${ended ?? ""}`}
                aria-label={`${title}: loss ${number(measured[cell], byLoss ? 3 : 2)}. Open it`}
                onClick={() => {
                  store.send({ kind: "wall_open", cell });
                  ui.drawer.value = null;
                }}
              >
                <canvas data-cell={cell} aria-hidden="true" />
                <span class="num">{number(measured[cell], byLoss ? 3 : 2)}</span>
                {!table && <small>{values.map((value) => short(String(value))).join(", ")}</small>}
              </button>
            );
          })}
        </div>
      </div>
    </>
  );
}

/** What stands above and beside the cells. */
function Names({ table, labels }: { table: Arrangement; labels: string[] }): JSX.Element {
  const { axes, blocks, rows, columns, beside, corners } = table;
  const name = (axis: number) => labels[axis] ?? "";
  return (
    <>
      <span class="corner" style={{ gridRow: "2", gridColumn: "1" }}>
        {axes.row >= 0 ? `${name(axes.row)} ↓ ` : ""}
        {name(axes.column)} →
      </span>
      {axes.block >= 0 &&
        blocks.map((block, place) => {
          const { row, column } = corners[place]!;
          const above = beside < blocks.length ? row - 1 : 1;
          return (
            <span
              key={`block${block}`}
              class="block-name"
              style={{ gridRow: String(above), gridColumn: `${column} / span ${columns.length}` }}
            >
              {name(axes.block)} <b>{block}</b>
            </span>
          );
        })}
      {corners.slice(0, beside).flatMap((corner) =>
        columns.map((text, index) => (
          <span
            key={`column${corner.column + index}`}
            class="column-name"
            style={{ gridRow: "2", gridColumn: String(corner.column + index) }}
          >
            {short(text)}
          </span>
        )),
      )}
      {corners
        .filter((_, place) => place % beside === 0)
        .flatMap((corner) =>
          rows.map((text, index) => (
            <span
              key={`row${corner.row + index}`}
              class="row-name"
              style={{ gridRow: String(corner.row + index), gridColumn: "1" }}
            >
              {short(text)}
            </span>
          )),
        )}
    </>
  );
}

/** Lead from network to network, as they lie on the screen. */
function goAlong(event: KeyboardEvent, holder: HTMLElement): void {
  const move = ARROWS[event.key];
  const from = (event.target as Element).closest(".cell-map")?.getBoundingClientRect();
  if (!move || !from) return;
  const [right, down] = move;
  let next: HTMLElement | null = null;
  let least = Infinity;
  for (const cell of holder.querySelectorAll<HTMLElement>(".cell-map")) {
    const { left, top } = cell.getBoundingClientRect();
    const [dx, dy] = [left - from.left, top - from.top];
    const along = right * dx + down * dy;
    if (along < 1 || Math.abs(right ? dy : dx) > 1 || along >= least) continue;
    [next, least] = [cell, along];
  }
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}

const short = (text: string): string => (text.length > 18 ? `${text.slice(0, 17)}…` : text);

function paintCell(canvas: HTMLCanvasElement, maps: NumberArray, cell: number, theme: "light" | "dark"): void {
  const size = maps.shape[maps.shape.length - 1]!;
  const classes = maps.shape.length === 4;
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(size, size);
  const pixels = new Uint32Array(image.data.buffer);
  const area = size * size;
  const data = maps.data as Uint8Array;
  if (classes)
    writeClasses(
      pixels,
      size,
      0,
      0,
      data.subarray(2 * cell * area, (2 * cell + 1) * area),
      data.subarray((2 * cell + 1) * area, (2 * cell + 2) * area),
      size,
      theme,
      false,
    );
  else writeMap(pixels, size, 0, 0, data.subarray(cell * area, (cell + 1) * area), size, TABLES[theme], false);
  context.putImageData(image, 0, 0);
}
