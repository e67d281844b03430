// Controls for settings, made from the catalogue's fields: a number, a flag, a choice with parameters of its own.
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { number, parse } from "./format.ts";
import { type Named, nameOf, path, valueAt } from "./settings.ts";
import type { Choice, Field } from "./types.ts";
import { usePage } from "./ui.ts";

interface ControlProps {
  field: Field;
  value: any;
  change: (value: any) => void;
  problem?: string;
  /** Without a slider. */
  plain?: boolean;
}

const intoView = (box: HTMLElement | null): void => box?.scrollIntoView({ block: "nearest" });

/** A text box that takes numbers; what is typed counts when left, or with Enter. What is none stays, and is said to be. */
export function NumberBox(props: {
  value: number | null;
  change: (value: number | null) => void;
  label?: string;
  id?: string;
  optional?: boolean;
  describedBy?: string;
  digits?: number;
  disabled?: boolean;
}): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const type = (text: string | null) => {
    setTyped(text);
    setWrong(null);
  };
  useEffect(() => {
    if (wrong !== null) type(null); // another value was set elsewhere
  }, [props.value]);
  const shown =
    typed ?? (props.value === null || props.value === undefined ? "" : number(props.value, props.digits ?? 6));
  const commit = () => {
    if (typed === null) return;
    const value = parse(typed);
    const empty = typed.trim() === "";
    if (value === null && !empty) return setWrong(typed.trim());
    type(null);
    if (value !== null || props.optional) props.change(value);
  };
  return (
    <>
      <input
        id={props.id}
        class="number"
        type="text"
        inputMode="decimal"
        autocomplete="off"
        spellcheck={false}
        aria-label={props.label}
        aria-describedby={props.describedBy}
        aria-invalid={wrong !== null}
        placeholder={props.optional ? "none" : undefined}
        disabled={props.disabled}
        value={shown}
        onInput={(event) => type(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          if (event.key === "Escape") type(null);
        }}
      />
      {wrong !== null && (
        <p class="problem" role="alert" ref={intoView}>
          “{wrong}” is no number.
        </p>
      )}
    </>
  );
}

const STEPS = 200;

/** A slider over a field's range, even or logarithmic, that reports at most every 80 ms. */
function Slider({ field, value, change, id }: ControlProps & { id: string }): JSX.Element {
  const last = useRef(0);
  const late = useRef<ReturnType<typeof setTimeout>>(undefined);
  const low = field.low as number;
  const high = field.high as number;
  const least = low > 0 ? low : high * 1e-6; // on a logarithmic slider; below it lies 0
  const [from, to] = field.log ? [Math.log(least), Math.log(high)] : [low, high];
  const place = value === null ? from : field.log ? Math.log(Math.max(value, least)) : value;
  const take = (raw: number) => {
    let next = field.log ? (raw <= from + 1e-9 ? low : Math.exp(raw)) : raw;
    next = field.kind === "integer" ? Math.round(next) : Number(next.toPrecision(2));
    next = Math.min(Math.max(next, low), high);
    clearTimeout(late.current);
    const wait = 80 - (performance.now() - last.current);
    const report = () => {
      last.current = performance.now();
      change(next);
    };
    if (wait <= 0) report();
    else late.current = setTimeout(report, wait);
  };
  const step = field.kind === "integer" && !field.log ? 1 : (to - from) / STEPS;
  return (
    <input
      id={id}
      type="range"
      min={from}
      max={to}
      step={step}
      value={place}
      aria-label={field.label}
      aria-valuetext={number(value)}
      onInput={(event) => take(Number(event.currentTarget.value))}
    />
  );
}

const hasRange = (field: Field): boolean => {
  const { low, high } = field;
  if (typeof low !== "number" || typeof high !== "number") return false;
  return !(field.optional && field.default == null) && (field.log ? low >= 0 && high < 1e6 : high - low <= 100000);
};

export function Control({ field, value, change, problem, plain }: ControlProps): JSX.Element {
  const id = useId();
  const help = `${id}-help`;
  const label = (
    <label for={id} title={field.help}>
      {field.label}
    </label>
  );
  const trouble = problem && (
    <p class="problem" id={help}>
      {problem}
    </p>
  );
  if (field.kind === "flag")
    return (
      <div class="field flag">
        <input
          id={id}
          type="checkbox"
          checked={Boolean(value)}
          title={field.help}
          onChange={(event) => change(event.currentTarget.checked)}
        />
        {label}
        {trouble}
      </div>
    );
  if (field.kind === "choice") return <ChoiceControl field={field} value={value} change={change} problem={problem} />;
  if (field.kind === "text")
    return (
      <div class="field">
        {label}
        <input id={id} type="text" value={value ?? ""} onChange={(event) => change(event.currentTarget.value)} />
        {trouble}
      </div>
    );
  const ranged = !plain && hasRange(field);
  return (
    <div class={`field${ranged ? " ranged" : ""}`}>
      {label}
      <NumberBox
        id={id}
        value={value}
        optional={field.optional}
        describedBy={problem ? help : undefined}
        change={change}
      />
      {ranged && (
        <Slider id={`${id}-range`} field={field} value={value ?? field.default ?? field.low} change={change} />
      )}
      {trouble}
    </div>
  );
}

/** A choice, with the parameters of what is chosen below it. */
export function ChoiceControl({ field, value, change, problem }: ControlProps): JSX.Element {
  const id = useId();
  const choices = field.choices ?? [];
  const chosen = choices.find((choice) => choice.name === nameOf(value as Named));
  const described = value !== null && typeof value === "object";
  return (
    <div class="field choice">
      <label for={id} title={field.help}>
        {field.label}
      </label>
      <select
        id={id}
        value={nameOf(value as Named)}
        title={chosen?.help ?? field.help}
        onChange={(event) =>
          change(
            described || choices.some((c) => c.parameters)
              ? fresh(choices, event.currentTarget.value)
              : event.currentTarget.value,
          )
        }
      >
        {choices.map((choice) => (
          <option key={choice.name} value={choice.name}>
            {choice.label}
          </option>
        ))}
      </select>
      {problem && <p class="problem">{problem}</p>}
      {chosen?.parameters && chosen.parameters.length > 0 && (
        <div class="parameters">
          {chosen.parameters.map((parameter) => (
            <Control
              key={parameter.name}
              plain
              field={parameter}
              value={(value as any)?.[parameter.name] ?? parameter.default}
              change={(next) => change({ ...(described ? value : { name: value }), [parameter.name]: next })}
            />
          ))}
        </div>
      )}
    </div>
  );
}

/** A choice as it is when just chosen: with its own parameters at their defaults. */
export function fresh(choices: Choice[], name: string): { name: string } & Record<string, unknown> {
  const parameters = choices.find((choice) => choice.name === name)?.parameters ?? [];
  return { name, ...Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default])) };
}

/** The control of one of the catalogue's fields, bound to the settings. */
export function SettingControl({ where, field: given }: { where: string; field?: Field }): JSX.Element | null {
  const { store } = usePage();
  const field = given ?? [...(store.catalog.value?.fields ?? []), ...DESCRIBED].find((each) => each.path === where);
  if (!field || !store.settings.value) return null;
  const problem = store.problems.value.find(
    (each) => each.path === where || each.path.startsWith(`${where}.`),
  )?.message;
  const value = valueAt(store.settings.value, path(where));
  const own =
    where === "training.loss"
      ? { name: store.dataset.value?.task === "regression" ? "squared_error" : "log_loss" }
      : field.default;
  return (
    <Control
      field={withChoices(field, store)}
      value={value ?? own}
      change={(next) => store.setAt(where, next)}
      problem={problem}
    />
  );
}

/** Settings that are a choice out of one of the catalogue's lists, with parameters of its own. */
export const DESCRIBED: Field[] = [
  {
    path: "training.optimizer",
    name: "optimizer",
    group: "training",
    kind: "choice",
    label: "Optimiser",
    help: "How a weight moves, given its gradient",
    live: true,
  },
  {
    path: "training.loss",
    name: "loss",
    group: "training",
    kind: "choice",
    label: "Loss",
    help: "What counts as wrong, and how much",
  },
  {
    path: "training.schedule",
    name: "schedule",
    group: "training",
    kind: "choice",
    label: "Schedule",
    help: "How the learning rate changes with time",
    live: true,
  },
  {
    path: "network.initializer",
    name: "initializer",
    group: "network",
    kind: "choice",
    label: "Initial weights",
    help: "The weights that training begins with",
  },
];

const LISTS: Record<string, string> = {
  "training.optimizer": "optimizers",
  "training.loss": "losses",
  "training.schedule": "schedules",
  "network.initializer": "initializers",
};

/** A field whose choices are one of the catalogue's lists gets them here; losses only those that suit the task. */
function withChoices(field: Field, store: ReturnType<typeof usePage>["store"]): Field {
  const list = LISTS[field.path ?? ""];
  const catalog: any = store.catalog.value;
  if (!list || !catalog?.[list]) return field;
  const task = store.dataset.value?.task;
  const choices = (catalog[list] as Choice[]).filter((choice) => !choice.tasks || !task || choice.tasks.includes(task));
  return { ...field, kind: "choice", choices };
}

/** Close what is open on Escape, or when something else is pressed. */
export function useDismiss(open: boolean, close: () => void): { current: HTMLDivElement | null } {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && close();
    const onPress = (event: Event) => !ref.current?.contains(event.target as Node) && close();
    document.addEventListener("keydown", onKey);
    document.addEventListener("pointerdown", onPress);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("pointerdown", onPress);
    };
  }, [open]);
  return ref;
}

/** A button that opens a small menu. */
export function Menu(props: {
  label: string;
  title: string;
  children: (close: () => void) => any;
  icon?: any;
  class?: string;
}): JSX.Element {
  const [open, setOpen] = useState(false);
  const ref = useDismiss(open, () => setOpen(false));
  return (
    <div class={`menu ${props.class ?? ""}`} ref={ref}>
      <button
        type="button"
        class="quiet"
        aria-haspopup="true"
        aria-expanded={open}
        aria-label={props.label ? `${props.label}: ${props.title}` : props.title}
        title={props.title}
        onClick={() => setOpen(!open)}
      >
        {props.icon}
        {props.label && <span>{props.label}</span>}
      </button>
      {open && <div class="menu-body">{props.children(() => setOpen(false))}</div>}
    </div>
  );
}
