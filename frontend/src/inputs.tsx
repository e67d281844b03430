// Inside one step, before the first layer: what becomes of each input where the network embeds or scales it.
import type { JSX } from "preact";
import { featureName } from "./format.ts";
import { Cell, at } from "./numbers.tsx";
import type { Answer } from "./store.ts";
import type { NeuronPlace } from "./ui.ts";

const MOST = 24;

/** The features that an input becomes. */
function own(answer: Answer, input: number): number[] {
  const column = answer.content.inputs.columns[input];
  if (!column) return [input];
  return Array.from({ length: column.features }, (_, place) => column.first + place);
}

/** The features that stand among a step's numbers: all, or those of the chosen input and the first ones. */
export function featuresOf(answer: Answer, chosen: NeuronPlace): number[] {
  const made = answer.content.inputs;
  if (!made) return [];
  const all: number[] = made.features.map((_: string, place: number) => place);
  if (all.length <= MOST) return all;
  return chosen.layer < 0 ? own(answer, chosen.neuron).slice(0, MOST) : all.slice(0, MOST);
}

interface Props {
  stage: string;
  answer: Answer;
  row: number;
  input: number;
}

/** What each feature of an input is, what reaches it, and what becomes of its scale. */
export function InputsTable({ stage, answer, row, input }: Props): JSX.Element {
  const { letter, scaled, features } = answer.content.inputs;
  const columns: [string, (feature: number) => number | null][] = [];
  const perRow = (name: string) => (feature: number) => at(answer, `${name}.-1`, row, feature);
  const perFeature = (name: string) => (feature: number) => at(answer, `${name}.-1`, feature);
  if (stage === "forward") {
    columns.push([letter, perRow("unscaled")]);
    if (scaled) columns.push(["scale", perFeature("scale")], ["f", perRow("features")]);
  } else if (stage === "backward") {
    columns.push([`∂ℓ/∂${scaled ? "f" : letter}`, perRow("d_features")]);
    if (scaled) columns.push(["∂L/∂scale", perFeature("d_scale")]);
  } else if (scaled) {
    columns.push(["scale", perFeature("scale")], ["new scale", perFeature("new_scale")]);
  }
  if (columns.length === 0) return <p class="note">What it learns stands in the formulas.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Numbers of the input">
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">feature</th>
            {columns.map(([title]) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {own(answer, input).map((feature) => (
            <tr key={feature}>
              <th scope="row">{featureName(features[feature])}</th>
              {columns.map(([title, value]) => (
                <Cell key={title} value={value(feature)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
