// The network's drawing: every neuron its map, links by weight or gradient, and layers that are edited where they stand.
import { effect, untracked } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Control, Menu, fresh } from "./fields.tsx";
import { starts } from "./embedded.ts";
import { featureName, number, subscript } from "./format.ts";
import { Icon } from "./icons.tsx";
import {
  type ColumnPlace,
  type Drawing,
  type LinkPlace,
  MOST_LAYERS,
  MOST_NEURONS,
  biasAt,
  drawing,
  linkAt,
} from "./layout.ts";
import { Strips, paintNetwork } from "./paint.ts";
import { insertLayer, nameOf, removeLayer, resizeLayer } from "./settings.ts";
import { MAP_KEY, type Store } from "./store.ts";
import { ARROWS, type NeuronPlace, usePage } from "./ui.ts";

export function NetworkView(): JSX.Element {
  const { store, ui } = usePage();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const scale = ui.scale.value;
  const strips = useMemo(() => new Strips(), []);
  const run = store.run.value;
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setRoom({ width: Math.floor(width), height: Math.floor(height) });
    });
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  const widths = run?.widths.join() ?? "";
  const plan = useMemo(() => {
    if (!run || room.width === 0) return null;
    const margin = room.width > 520 ? 58 * scale : 34;
    return drawing(run.widths, room.width, Math.max(room.height - HEAD * scale, 160), margin, scale);
  }, [widths, room, scale]);
  useEffect(() => void (ui.plan.value = plan), [plan]);
  const paint = (links: boolean) => {
    const current = store.run.value;
    const weight = ui.weight.value;
    const chosen = weight && weight[1] === "weights" ? { layer: weight[0], from: weight[2], to: weight[3] } : null;
    const shown = ui.plan.value;
    if (
      !canvas.current ||
      !shown ||
      !current ||
      shown.columns.length !== Math.min(current.widths.length, MOST_LAYERS + 2)
    )
      return;
    const painting = {
      plan: shown,
      live: store.live,
      run: current,
      theme: ui.theme.value,
      discrete: ui.discrete.value,
      links: ui.links.value,
      chosen,
      strips,
      counts: store.dataset.value?.embedded?.counts ?? null,
    };
    paintNetwork(canvas.current, painting, links);
  };
  useEffect(
    () =>
      effect(() => {
        void store.frame.value;
        untracked(() => paint(false));
      }),
    [],
  );
  useEffect(
    () =>
      effect(() => {
        void store.slow.value;
        paint(true);
      }),
    [],
  );
  return (
    <section class="network" aria-label="Network" data-part="network">
      <NetworkTools />
      <div class="stage" ref={frame}>
        {plan && run && (
          <div class="drawing" style={{ width: `${plan.width}px` }}>
            <Heads plan={plan} />
            <div class="field-of-neurons" style={{ height: `${plan.height}px` }}>
              <canvas ref={canvas} aria-hidden="true" />
              <Links plan={plan} />
              <Neurons plan={plan} />
              <Labels plan={plan} />
            </div>
          </div>
        )}
      </div>
    </section>
  );
}

const HEAD = 62;

function NetworkTools(): JSX.Element {
  const { store, ui } = usePage();
  const settings = store.settings.value;
  const run = store.run.value;
  const layers = settings?.network.layers.length ?? 0;
  return (
    <div class="bar">
      <h2>Network</h2>
      <button
        type="button"
        class="quiet"
        data-test="add-layer"
        disabled={!settings || layers >= MOST_LAYERS}
        title="Add a hidden layer before the outputs"
        onClick={() => settings && store.change(insertLayer(settings, layers))}
      >
        <Icon name="plus" />
        <span>Layer</span>
      </button>
      <div class="segments" role="group" aria-label="Links show">
        {(["weights", "gradients"] as const).map((kind) => (
          <button
            type="button"
            key={kind}
            aria-pressed={ui.links.value === kind}
            title={kind === "weights" ? "Links by weight" : "Links by gradient of the loss"}
            onClick={() => (ui.links.value = kind)}
          >
            {kind}
          </button>
        ))}
      </div>
      <span class="spacer" />
      <button
        type="button"
        class="quiet"
        disabled={!run?.can_undo}
        title="Undo (Ctrl+Z)"
        aria-label="Undo"
        onClick={() => store.send({ kind: "undo" })}
      >
        <Icon name="undo" />
      </button>
      <button
        type="button"
        class="quiet"
        disabled={!run?.can_redo}
        title="Redo (Ctrl+Shift+Z)"
        aria-label="Redo"
        onClick={() => store.send({ kind: "redo" })}
      >
        <Icon name="redo" />
      </button>
    </div>
  );
}

// --- heads of the columns --------------------------------------------------------------------------------------------

function Heads({ plan }: { plan: Drawing }): JSX.Element {
  const { store, ui } = usePage();
  const scale = ui.scale.value;
  const settings = store.settings.value;
  const task = store.dataset.value?.task;
  const labelled = Boolean(store.dataset.value?.labels?.length);
  if (!settings) return <div class="heads" />;
  const last = plan.columns.length - 1;
  const dense = plan.spread < 84 * scale;
  const wide = Math.min(plan.spread - (dense ? 4 : 20), 128 * scale);
  return (
    <div class="heads" style={{ height: `${HEAD * scale}px` }}>
      {plan.columns.map((column, place) => (
        <div
          key={column.layer}
          class={`head${dense ? " dense" : ""}`}
          style={{ left: `${column.x - wide / 2}px`, width: `${wide}px` }}
        >
          {place === 0 && <span class="head-title">inputs</span>}
          {place === last && (
            <span class="head-title">
              {labelled ? "labels" : task === "multiclass" ? "classes" : "output"}
            </span>
          )}
          {place > 0 && place < last && <LayerHead layer={column.layer} />}
        </div>
      ))}
      {!dense &&
        plan.columns.slice(1).map((column, place) => (
          <button
            type="button"
            key={column.layer}
            class="insert"
            style={{ left: `${column.x - plan.spread / 2 - 9}px` }}
            title="Insert a layer here"
            aria-label={`Insert a layer before ${place + 1 === last ? "the outputs" : `layer ${place + 1}`}`}
            disabled={settings.network.layers.length >= MOST_LAYERS}
            onClick={() => store.change(insertLayer(settings, place))}
          >
            <Icon name="plus" />
          </button>
        ))}
    </div>
  );
}

function LayerHead({ layer }: { layer: number }): JSX.Element | null {
  const { store } = usePage();
  const settings = store.settings.value!;
  const catalog = store.catalog.value;
  const described = settings.network.layers[layer];
  if (!described || !catalog) return null;
  const most = Math.max(catalog.limits.width ?? MOST_NEURONS, described.width);
  const at = `network.layers.${layer}`;
  const activation = nameOf(described.activation);
  const own = catalog.activations.find((each) => each.name === activation)?.parameters ?? [];
  const problem = store.problems.value.find((each) => each.path.startsWith(at))?.message;
  const resize = (width: number) => store.change(resizeLayer(settings, layer, width, most));
  return (
    <>
      <div class="stepper" role="group" aria-label={`Layer ${layer + 1}`}>
        <button
          type="button"
          aria-label={`Remove a neuron from layer ${layer + 1}`}
          disabled={described.width <= 1}
          onClick={() => resize(described.width - 1)}
        >
          <Icon name="minus" />
        </button>
        <Menu label={String(described.width)} title={`Layer ${layer + 1}: neurons, dropout, normalisation`}>
          {(close) => (
            <div class="layer-menu">
              <strong>Layer {layer + 1}</strong>
              <Control
                field={{
                  name: "width",
                  label: "Neurons",
                  help: "Neurons of this layer",
                  kind: "integer",
                  low: 1,
                  high: MOST_NEURONS,
                }}
                value={described.width}
                change={resize}
              />
              <Control
                field={{
                  name: "dropout",
                  label: "Dropout",
                  help: "Share of the activations set to 0 in training",
                  kind: "number",
                  low: 0,
                  high: 0.9,
                }}
                value={described.dropout ?? 0}
                change={(value) => store.setAt(`${at}.dropout`, value)}
              />
              <Control
                field={{
                  name: "normalization",
                  label: "Layer normalisation",
                  help: "Normalise the weighted sums of a row",
                  kind: "flag",
                }}
                value={described.normalization}
                change={(value) => store.setAt(`${at}.normalization`, value)}
              />
              {own.map((field) => (
                <Control
                  key={field.name}
                  field={field}
                  value={(described.activation as any)[field.name] ?? field.default}
                  change={(value) =>
                    store.setAt(`${at}.activation`, { ...(described.activation as object), [field.name]: value })
                  }
                />
              ))}
              <button
                type="button"
                onClick={() => {
                  close();
                  store.change(removeLayer(settings, layer));
                }}
              >
                <Icon name="close" /> Remove this layer
              </button>
            </div>
          )}
        </Menu>
        <button
          type="button"
          aria-label={`Add a neuron to layer ${layer + 1}`}
          disabled={described.width >= most}
          onClick={() => resize(described.width + 1)}
        >
          <Icon name="plus" />
        </button>
      </div>
      <select
        class="activation"
        aria-label={`Activation of layer ${layer + 1}`}
        title={problem ?? "Activation"}
        value={activation}
        onChange={(event) => store.setAt(`${at}.activation`, fresh(catalog.activations, event.currentTarget.value))}
      >
        {catalog.activations.map((choice) => (
          <option key={choice.name} value={choice.name} title={choice.help}>
            {choice.label}
          </option>
        ))}
      </select>
    </>
  );
}

// --- neurons ---------------------------------------------------------------------------------------------------------

/** Says that an input becomes several features. */
const embeds = (features: number | undefined): string => (features && features > 1 ? `, embedded in ${features} features` : "");

const neuronName = (
  place: NeuronPlace,
  last: number,
  features: string[],
  classes: string[],
  several: string[],
  counts: number[] | undefined,
): string => {
  if (place.layer < 0) return `Input ${features[place.neuron] ?? place.neuron + 1}${embeds(counts?.[place.neuron])}`;
  if (place.layer === last)
    return classes[place.neuron] !== undefined
      ? `Output for ${classes[place.neuron]}`
      : several.length > 1
        ? `Output ${several[place.neuron] ?? ""}`
        : "Output";
  return `Neuron ${place.neuron + 1} of layer ${place.layer + 1}`;
};

export function useNeuronName(): (place: NeuronPlace) => string {
  const { store } = usePage();
  const last = (store.run.value?.widths.length ?? 2) - 2;
  const dataset = store.dataset.value;
  const classes = dataset?.task === "multiclass" ? dataset.classes : [];
  const several = dataset?.labels?.length ? dataset.labels : dataset?.task === "regression" ? (dataset.outputs ?? []) : [];
  return (place) => neuronName(place, last, dataset?.features ?? [], classes, several, dataset?.embedded?.counts);
}

/** Buttons over the maps. One is in the tab order; arrows go from neuron to neuron. */
function Neurons({ plan }: { plan: Drawing }): JSX.Element {
  const { store, ui } = usePage();
  const name = useNeuronName();
  const chosen = ui.neuron.value;
  const holder = useRef<HTMLDivElement>(null);
  const key = chosen ? MAP_KEY(chosen.layer, chosen.neuron) : "-1,0";
  void store.badges.value;
  const go = (column: number, index: number) => {
    const target = plan.columns[Math.max(0, Math.min(plan.columns.length - 1, column))]!;
    const place = target.places[Math.max(0, Math.min(target.places.length - 1, index))]!;
    ui.selectNeuron({ layer: place.layer, neuron: place.neuron });
    holder.current?.querySelector<HTMLButtonElement>(`[data-neuron="${MAP_KEY(place.layer, place.neuron)}"]`)?.focus();
  };
  const onKey = (event: KeyboardEvent, column: number, index: number) => {
    const move = ARROWS[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const [across, down] = move;
    const to = plan.columns[column + across];
    const here = plan.columns[column]!;
    const beside =
      to && across !== 0 ? Math.round(((index + 0.5) / here.places.length) * to.places.length - 0.5) : index + down;
    go(column + across, beside);
  };
  return (
    <div class="neurons" ref={holder}>
      {plan.columns.map((column, place) =>
        column.places.map(({ layer, neuron, x, y }) => {
          const id = MAP_KEY(layer, neuron);
          const flag = store.live.dead.has(id) ? ", dead" : store.live.saturated.has(id) ? ", saturated" : "";
          return (
            <button
              type="button"
              key={id}
              data-neuron={id}
              class="neuron"
              tabIndex={id === key ? 0 : -1}
              aria-label={name({ layer, neuron }) + flag}
              aria-pressed={chosen?.layer === layer && chosen.neuron === neuron}
              style={{
                left: `${x - column.size / 2}px`,
                top: `${y - column.size / 2}px`,
                width: `${column.size}px`,
                height: `${column.size}px`,
              }}
              onClick={() =>
                ui.selectNeuron(chosen?.layer === layer && chosen.neuron === neuron ? null : { layer, neuron })
              }
              onPointerEnter={(event) => {
                const bias = layer < 0 ? null : store.valueOf([layer, "bias", neuron]);
                event.currentTarget.title =
                  name({ layer, neuron }) + (bias === null ? "" : `, bias ${number(bias)}`) + flag;
                if (event.pointerType === "mouse") ui.hovered.value = { layer, neuron };
              }}
              onPointerLeave={() => (ui.hovered.value = null)}
              onKeyDown={(event) => onKey(event, place, neuron)}
            />
          );
        }),
      )}
    </div>
  );
}

function Labels({ plan }: { plan: Drawing }): JSX.Element {
  const { store } = usePage();
  const dataset = store.dataset.value;
  const first = plan.columns[0]!;
  const last = plan.columns[plan.columns.length - 1]!;
  const room = (x: number) => ({ width: `${Math.max(x, 20)}px` });
  const labels = dataset?.labels ?? [];
  const names = labels.length ? labels : dataset?.task === "multiclass" ? dataset.classes : (dataset?.outputs ?? []);
  const many = labels.length > 0 || (dataset?.task !== "binary" && names.length > 1);
  return (
    <div class="labels" aria-hidden="true">
      {first.size >= 9 &&
        first.places.map(({ neuron, y }) => (
          <span
            key={`in${neuron}`}
            class="label left"
            style={{ ...room(first.x - first.size / 2 - 6), left: "0px", top: `${y}px` }}
          >
            {featureName(dataset?.features[neuron] ?? `x${neuron + 1}`)}
          </span>
        ))}
      {dataset?.embedded &&
        first.size >= 26 &&
        first.places.map(
          ({ neuron, x, y }) =>
            dataset.embedded!.counts[neuron]! > 1 && (
              <span
                key={`features${neuron}`}
                class="features"
                style={{ left: `${x + first.size / 2}px`, top: `${y + first.size / 2}px` }}
              >
                {dataset.embedded!.counts[neuron]}
              </span>
            ),
        )}
      {many &&
        last.size >= 9 &&
        last.places.map(({ neuron, y }) => (
          <span
            key={`out${neuron}`}
            class="label"
            style={{
              ...room(plan.width - last.x - last.size / 2 - 8),
              left: `${last.x + last.size / 2 + 6}px`,
              top: `${y}px`,
            }}
          >
            {names[neuron] ?? neuron}
          </span>
        ))}
      {plan.columns
        .filter((column) => column.more > 0)
        .map((column) => (
          <More key={column.layer} column={column} height={plan.height} />
        ))}
    </div>
  );
}

const More = ({ column, height }: { column: ColumnPlace; height: number }): JSX.Element => (
  <span class="label more" style={{ left: `${column.x - 50}px`, top: `${height - 8}px` }}>
    and {column.more} more
  </span>
);

/** How strong an embedded input's weights are together in a neuron. */
function strength(store: Store, counts: number[], link: LinkPlace): number {
  const first = starts(counts)[link.from]!;
  let sum = 0;
  for (let feature = first; feature < first + counts[link.from]!; feature++)
    sum += (store.valueOf([0, "weights", feature, link.to]) ?? 0) ** 2;
  return Math.sqrt(sum);
}

// --- links -----------------------------------------------------------------------------------------------------------

/** Says what the link under the pointer weighs; a click chooses it for the inspector. */
function Links({ plan }: { plan: Drawing }): JSX.Element {
  const { store, ui } = usePage();
  const [hover, setHover] = useState<{ link: LinkPlace; x: number; y: number } | null>(null);
  const [bias, setBias] = useState<{ layer: number; neuron: number; x: number; y: number } | null>(null);
  void ((hover || bias) && store.slow.value);
  const find = (event: PointerEvent | MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const at = biasAt(plan, x, y);
    return { bias: at, link: at ? null : linkAt(plan, x, y), x, y };
  };
  const biasGradient = bias && store.live.gradients?.[store.placeOf([bias.layer, "bias", bias.neuron])];
  const embedded = store.dataset.value?.embedded;
  const counts = hover?.link.layer === 0 && embedded ? embedded.counts : null;
  const weight = hover && !counts ? store.valueOf([hover.link.layer, "weights", hover.link.from, hover.link.to]) : null;
  const gradient =
    hover && !counts
      ? (store.live.gradients?.[store.placeOf([hover.link.layer, "weights", hover.link.from, hover.link.to])] ?? null)
      : null;
  return (
    <div
      class="links"
      onPointerMove={(event) => {
        const { bias, link, x, y } = find(event);
        setBias(bias && { layer: bias.layer, neuron: bias.neuron, x, y });
        setHover(link && { link, x, y });
      }}
      onPointerLeave={() => {
        setHover(null);
        setBias(null);
      }}
      onClick={(event) => {
        const { bias, link } = find(event);
        if (bias) return ui.selectWeight([bias.layer, "bias", bias.neuron]);
        const from = link && link.layer === 0 && embedded ? starts(embedded.counts)[link.from]! : (link?.from ?? 0);
        ui.selectWeight(link && [link.layer, "weights", from, link.to]);
      }}
    >
      {bias && (
        <span class="tip" style={{ left: `${bias.x + 12}px`, top: `${bias.y - 12}px` }}>
          b{subscript(bias.neuron + 1)} = {number(store.valueOf([bias.layer, "bias", bias.neuron]))}
          {biasGradient !== null && biasGradient !== undefined && <em> ∂L/∂b = {number(biasGradient)}</em>}
        </span>
      )}
      {hover && counts && (
        <span class="tip" style={{ left: `${hover.x + 12}px`, top: `${hover.y - 12}px` }}>
          {counts[hover.link.from]} weights of {featureName(store.dataset.value?.features[hover.link.from] ?? "")}:
          together ‖w‖ = {number(strength(store, counts, hover.link), 3)}
        </span>
      )}
      {hover && !counts && (
        <span class="tip" style={{ left: `${hover.x + 12}px`, top: `${hover.y - 12}px` }}>
          w{subscript(hover.link.from + 1)}
          {hover.link.from > 8 || hover.link.to > 8 ? "," : ""}
          {subscript(hover.link.to + 1)} = {number(weight)}
          {gradient !== null && <em> ∂L/∂w = {number(gradient)}</em>}
        </span>
      )}
    </div>
  );
}
