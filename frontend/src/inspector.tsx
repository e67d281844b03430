// What is known of the chosen neuron or weight, and where it is edited: values in boxes, frozen with a lock.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { NumberBox } from "./fields.tsx";
import { featureName, number, subscript, weightName } from "./format.ts";
import { Icon } from "./icons.tsx";
import { useNeuronName } from "./network.tsx";
import { MAP_KEY } from "./store.ts";
import type { Parameter } from "./types.ts";
import { usePage } from "./ui.ts";

function ParameterRow({
  parameter,
  label,
  chosen,
}: {
  parameter: Parameter;
  label: string;
  chosen: boolean;
}): JSX.Element {
  const { store, ui } = usePage();
  const row = useRef<HTMLTableRowElement>(null);
  const frozen = store.isFrozen(parameter);
  useEffect(() => {
    if (!chosen) return;
    row.current?.scrollIntoView({ block: "nearest" });
    row.current?.querySelector("input")?.select();
  }, [chosen]);
  const gradient = store.live.gradients?.[store.placeOf(parameter)];
  return (
    <tr ref={row} class={chosen ? "chosen" : ""}>
      <th scope="row">{label}</th>
      <td>
        <NumberBox
          value={store.valueOf(parameter)}
          digits={5}
          label={`Value of ${label}`}
          change={(value) => value !== null && store.edit(parameter, value)}
        />
      </td>
      {store.live.gradients && <td class="right num">{number(gradient, 3)}</td>}
      <td>
        <button
          type="button"
          class="quiet small"
          aria-pressed={frozen}
          title={frozen ? "Frozen: training leaves it alone" : "Freeze: training leaves it alone"}
          aria-label={`Freeze ${label}`}
          onClick={() => store.freeze(parameter, !frozen)}
        >
          <Icon name="lock" />
        </button>
        <button
          type="button"
          class="quiet small"
          title="Show this one inside a step"
          aria-label={`Explain ${label}`}
          onClick={() => {
            if (parameter[1] === "weights") ui.selectWeight(parameter);
            ui.drawer.value = "step";
          }}
        >
          <Icon name="right" />
        </button>
      </td>
    </tr>
  );
}

export function Inspector(): JSX.Element | null {
  const { store, ui } = usePage();
  const name = useNeuronName();
  void store.slow.value;
  const place = ui.neuron.value;
  const run = store.run.value;
  if (!place || !run) return null;
  const { layer, neuron } = place;
  const block = run.layout.find((each) => each.role === "weights" && each.layer === layer);
  const embedded = store.dataset.value?.embedded;
  const features = embedded?.names ?? store.dataset.value?.features ?? [];
  const incoming = block ? Math.min(block.shape[0]!, 200) : 0;
  const weight = ui.weight.value;
  const label = (from: number) =>
    layer === 0 ? featureName(features[from] ?? `x${from + 1}`) : `a${subscript(from + 1)}`;
  const flag = store.live.dead.has(MAP_KEY(layer, neuron))
    ? "dead: it says 0 for every row"
    : store.live.saturated.has(MAP_KEY(layer, neuron))
      ? "saturated: its slope is near 0 for almost every row"
      : "";
  return (
    <section class="inspector" aria-label="Chosen neuron">
      <div class="bar">
        <h2>{name(place)}</h2>
        {layer >= 0 && <span class="note">{layer < run.layers.length ? run.layers[layer]?.activation?.name : ""}</span>}
        {flag && <span class="badge">{flag}</span>}
        <span class="spacer" />
        <button type="button" class="quiet small" aria-label="Close" onClick={() => ui.selectNeuron(null)}>
          <Icon name="close" />
        </button>
      </div>
      {layer < 0 && embedded && (
        <div class="row wrap about">
          <span class="note">
            {embedded.counts[neuron] === 1
              ? "It passes as it is."
              : `It becomes ${embedded.counts[neuron]} features before the first layer.`}
          </span>
          <button type="button" class="quiet outlined" onClick={() => (ui.drawer.value = "step")}>
            How it is made
          </button>
        </div>
      )}
      {layer >= 0 && (
        <div class="scroll">
          <table class="parameters-table">
            <tbody>
              <ParameterRow
                key={`b${layer},${neuron}`}
                parameter={[layer, "bias", neuron]} label={`b${subscript(neuron + 1)}`} chosen={weight?.[1] === "bias"} />
              {Array.from({ length: incoming }, (_, from) => (
                <ParameterRow
                  key={`w${layer},${from},${neuron}`}
                  parameter={[layer, "weights", from, neuron]}
                  label={`${weightName(from, neuron)} · ${label(from)}`}
                  chosen={weight?.[1] === "weights" && weight[0] === layer && weight[2] === from}
                />
              ))}
            </tbody>
          </table>
          {block && block.shape[0]! > incoming && <p class="note">and {block.shape[0]! - incoming} more</p>}
        </div>
      )}
    </section>
  );
}
