// Numbers out of an explanation, and how a cell of a table shows one.
import type { JSX } from "preact";
import { number } from "./format.ts";
import type { Answer } from "./store.ts";

/** A number out of an explanation's buffers. */
export function at(answer: Answer, name: string, ...place: number[]): number | null {
  const found = answer.arrays[name];
  if (!found) return null;
  const flat = place.reduce((sum, index, axis) => sum * (found.shape[axis] ?? 1) + index, 0);
  return found.data[flat] ?? null;
}

export const Cell = ({ value, digits = 4 }: { value: number | null; digits?: number }): JSX.Element => (
  <td class="num" title={value === null ? undefined : String(value)}>
    {number(value, digits)}
  </td>
);
