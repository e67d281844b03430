// The large map: what the network says everywhere, or what one neuron does; with the rows on it, which can be changed.
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { diverging } from "./colour.ts";
import { day, inUnits, number, onAxis } from "./format.ts";
import { useNeuronName } from "./network.tsx";
import { Tip } from "./painted.tsx";
import { fit, paintMap, paintOutput, paintPoints } from "./paint.ts";
import { withValue } from "./settings.ts";
import { ClassMark } from "./shapes.tsx";
import { type FieldMap, type Live, MAP_KEY } from "./store.ts";
import type { Axis } from "./types.ts";
import { ARROWS, type NeuronPlace, usePage } from "./ui.ts";

/** The map of a neuron that is shown large: the fine one, if it has come. */
function largeMap(live: Live, { layer, neuron }: NeuronPlace): FieldMap | undefined {
  const key = MAP_KEY(layer, neuron);
  return live.large?.key === key ? live.large : live.maps.get(key);
}

export function OutputView(): JSX.Element {
  const { store, ui } = usePage();
  const name = useNeuronName();
  const holder = useRef<HTMLDivElement>(null);
  const map = useRef<HTMLCanvasElement>(null);
  const dots = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState(0);
  const [cursor, setCursor] = useState<[number, number] | null>(null);
  const dataset = store.dataset.value;
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setSize(Math.floor(entry!.contentRect.width)));
    observer.observe(holder.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(
    () =>
      effect(() => {
        void store.frame.value;
        const canvas = map.current;
        if (!canvas || size === 0) return;
        const place = ui.shown.value;
        const theme = ui.theme.value;
        const { live } = store;
        const chosen = place && largeMap(live, place);
        if (chosen) paintMap(canvas, chosen.data, chosen.size, theme, ui.discrete.value, true);
        else if (live.output) paintOutput(canvas, live.output, live.outputKind, theme, ui.discrete.value);
      }),
    [size],
  );
  const points = store.points.value;
  const theme = ui.theme.value;
  const validation = ui.validationShown.value;
  const scale = ui.scale.value;
  useEffect(() => {
    if (!dots.current || !points || !dataset || size === 0) return;
    fit(dots.current, size, size);
    paintPoints(dots.current, { points, dataset, theme, validation, cursor, scale });
  }, [points, dataset, theme, validation, size, cursor, scale]);
  const place = ui.shown.value;
  const outputs = dataset?.labels?.length ? dataset.labels : dataset?.task === "regression" ? (dataset.outputs ?? []) : [];
  const several = outputs.length > 1 ? outputs[0] : null;
  return (
    <section class="output" aria-label="Map" data-part="output">
      <div class="bar">
        <h2>{place ? name(place) : several ? `What the network says: ${several}` : "What the network says"}</h2>
        <span class="spacer" />
        {ui.neuron.value && (
          <button type="button" class="text" onClick={() => ui.selectNeuron(null)}>
            show the output
          </button>
        )}
      </div>
      <div class={`plane${ui.tool.value === "look" ? "" : " editing"}`} ref={holder} style={{ height: `${size}px` }}>
        <canvas
          ref={map}
          class="map"
          role="img"
          aria-label={`Map of ${place ? name(place) : "the network's output"} over ${dataset?.axes.x.name ?? "x"} and ${dataset?.axes.y.name ?? "y"}`}
        />
        <canvas ref={dots} aria-hidden="true" />
        <Reading size={size} />
        <Editor size={size} cursor={cursor} setCursor={setCursor} />
      </div>
      {dataset && (
        <div class="axis-names">
          <span>
            → {dataset.axes.x.name} <small>{reach(dataset.axes.x)}</small>
          </span>
          <span>
            ↑ {dataset.axes.y.name} <small>{reach(dataset.axes.y)}</small>
          </span>
        </div>
      )}
      <Legend />
      <Tools />
    </section>
  );
}

const along = (axis: Axis, value: number): string =>
  axis.kind === "date" ? day(value) : onAxis(value, axis.high - axis.low);
const reach = (axis: Axis): string => `${along(axis, axis.low)} to ${along(axis, axis.high)}`;

/** What the map says under the pointer. */
function Reading({ size }: { size: number }): JSX.Element {
  const { store, ui } = usePage();
  const [at, setAt] = useState<[number, number] | null>(null);
  void (at && store.slow.value);
  const dataset = store.dataset.value;
  const says = () => {
    if (!at || !dataset || !size) return null;
    const { x: across, y: up } = dataset.axes;
    const [h, v] = [at[0] / size, 1 - at[1] / size];
    const at_ = (axis: Axis, share: number) => along(axis, axis.low + share * (axis.high - axis.low));
    const place = `${at_(across, h)}, ${at_(up, v)}`;
    const look = (length: number) =>
      Math.min(length - 1, Math.floor(v * length)) * length + Math.min(length - 1, Math.floor(h * length));
    const neuron = ui.shown.value;
    const chosen = neuron && largeMap(store.live, neuron);
    if (chosen) {
      const value = ((chosen.data[look(chosen.size)]! - 127.5) / 127.5) * chosen.range;
      if (neuron.layer !== store.run.value?.layers.length) return `${place}: ${number(value, 3)}`;
      const said = dataset.task === "regression" ? inUnits(dataset, value) : (value + 1) / 2; // even odds in the middle
      return `${place}: ${number(said, 3)}`;
    }
    const { output, outputKind, outputRange } = store.live;
    if (!output) return place;
    const length = output.shape[output.shape.length - 1]!;
    const byte = output.data[look(length)]!;
    if (outputKind === "classes")
      return `${place}: ${dataset.classes[byte] ?? byte} (${number(output.data[length * length + look(length)]! / 255, 2)})`;
    const value = outputRange[0] + (byte / 255) * (outputRange[1] - outputRange[0]);
    return `${place}: ${number(inUnits(dataset, value), 3)}`;
  };
  const text = says();
  return (
    <div
      class="reading"
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        setAt([event.clientX - box.left, event.clientY - box.top]);
      }}
      onPointerLeave={() => setAt(null)}
    >
      {text && at && <Tip at={at} width={size} text={text} />}
    </div>
  );
}

function Legend(): JSX.Element | null {
  const { store, ui } = usePage();
  const dataset = store.dataset.value;
  const theme = ui.theme.value;
  if (!dataset) return null;
  if (dataset.task === "regression")
    return (
      <div class="legend">
        <span>{number(inUnits(dataset, dataset.target.low), 3)}</span>
        <span
          class="ramp"
          style={{
            background: `linear-gradient(90deg, ${[-1, -0.5, 0, 0.5, 1].map((value) => diverging(theme, value)).join()})`,
          }}
        />
        <span>{number(inUnits(dataset, dataset.target.high), 3)}</span>
      </div>
    );
  return (
    <div class="legend">
      {dataset.classes.map((label, index) => (
        <span key={label} class="key">
          <ClassMark index={index} theme={theme} />
          {label}
        </span>
      ))}
    </div>
  );
}

function Tools(): JSX.Element {
  const { store, ui } = usePage();
  const dataset = store.dataset.value;
  const classes = dataset?.task === "regression" ? ["low", "high"] : (dataset?.classes ?? []);
  return (
    <div class="row wrap tools-below">
      <label class="check">
        <input
          type="checkbox"
          checked={ui.validationShown.value}
          onChange={(event) => (ui.validationShown.value = event.currentTarget.checked)}
        />
        validation rows
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={ui.discrete.value}
          onChange={(event) => (ui.discrete.value = event.currentTarget.checked)}
        />
        two-tone
      </label>
      {dataset?.editable && (
        <div class="segments" role="group" aria-label="Click on the map to">
          <button
            type="button"
            aria-pressed={ui.tool.value === "look"}
            title="Only look"
            onClick={() => (ui.tool.value = "look")}
          >
            look
          </button>
          {classes.slice(0, 6).map((label, index) => (
            <button
              type="button"
              key={label}
              aria-pressed={ui.tool.value === index}
              title={`Click to add a point: ${label}`}
              aria-label={`Add points: ${label}`}
              onClick={() => (ui.tool.value = index)}
            >
              {dataset.task === "regression" ? (
                <i class="dot" style={{ background: diverging(ui.theme.value, index ? 0.8 : -0.8) }} />
              ) : (
                <ClassMark index={index} theme={ui.theme.value} />
              )}{" "}
              +
            </button>
          ))}
          <button
            type="button"
            aria-pressed={ui.tool.value === "remove"}
            title="Click a point to take it away"
            onClick={() => (ui.tool.value = "remove")}
          >
            remove
          </button>
        </div>
      )}
    </div>
  );
}

const STEP = 8;

/** Adds and removes points: with the pointer, or with arrows and Enter. */
function Editor(props: {
  size: number;
  cursor: [number, number] | null;
  setCursor: (cursor: [number, number] | null) => void;
}): JSX.Element | null {
  const { store, ui } = usePage();
  const dataset = store.dataset.value;
  const { size, cursor, setCursor } = props;
  const tool = ui.tool.value;
  if (!dataset?.editable || tool === "look") return null;
  const { x: across, y: up } = dataset.axes;
  const act = (x: number, y: number) => {
    const settings = store.settings.peek()!;
    const points = store.points.peek();
    if (tool === "remove") {
      if (!points) return;
      let nearest = -1;
      let least = 12 ** 2;
      for (let row = 0; row < points.x.length; row++) {
        const dx = ((points.x[row]! - across.low) / (across.high - across.low)) * size - x;
        const dy = size - ((points.y[row]! - up.low) / (up.high - up.low)) * size - y;
        if (dx * dx + dy * dy >= least) continue;
        least = dx * dx + dy * dy;
        nearest = points.row[row]!;
      }
      if (nearest >= 0)
        store.change(withValue(settings, ["data", "removed"], [...(settings.data.removed ?? []), nearest]));
      return;
    }
    const { low, high } = dataset.target;
    const target =
      dataset.task === "regression" ? (tool === 0 ? low + 0.1 * (high - low) : low + 0.9 * (high - low)) : tool;
    const value = (axis: typeof across, share: number) =>
      Number((axis.low + share * (axis.high - axis.low)).toPrecision(5));
    store.change(
      withValue(
        settings,
        ["data", "added"],
        [...(settings.data.added ?? []), [value(across, x / size), value(up, 1 - y / size), target]],
      ),
    );
  };
  return (
    <button
      type="button"
      class="editor"
      aria-label={
        tool === "remove" ? "Remove points: arrows move, Enter removes" : "Add points: arrows move, Enter adds"
      }
      onClick={(event) => {
        if (event.detail === 0) return;
        const box = event.currentTarget.getBoundingClientRect();
        act(event.clientX - box.left, event.clientY - box.top);
      }}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && setCursor(cursor ?? [size / 2, size / 2])}
      onBlur={() => setCursor(null)}
      onKeyDown={(event) => {
        const move = ARROWS[event.key];
        const [x, y] = cursor ?? [size / 2, size / 2];
        if (move)
          setCursor([Math.max(0, Math.min(size, x + move[0] * STEP)), Math.max(0, Math.min(size, y + move[1] * STEP))]);
        else if (event.key === "Enter") act(x, y);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
