// Lists of values as people write them, such as 0.1; 0.3; 1.
import { parse } from "./format.ts";

export type ListKind = "numbers" | "shapes";

export const LIST_RULES: Record<ListKind, string> = {
  numbers: "Numbers are parted by semicolons, such as 0.1; 0.3; 1.",
  shapes: "Networks are parted by semicolons, the widths of their layers by blanks, such as 4; 8 8.",
};

export interface Listed {
  /** Each once. */
  values: string[];
  /** Why the list cannot be taken; empty if it can. */
  problem: string;
}

const isOf = (kind: ListKind, text: string): boolean =>
  kind === "numbers" ? parse(text) !== null : /^[1-9]\d*([\s,×x]+[1-9]\d*)*$/.test(text);

/** Read a list; one value that is none of its kind makes it a list that cannot be taken. */
export function listed(kind: ListKind, text: string): Listed {
  const parts = [...new Set(text.split(";").map((part) => part.trim()))].filter(Boolean);
  const wrong = parts.filter((part) => !isOf(kind, part)).map((part) => `“${part}”`);
  const values = parts.filter((part) => isOf(kind, part));
  if (parts.length === 0) return { values, problem: `There is no value. ${LIST_RULES[kind]}` };
  if (wrong.length === 0) return { values, problem: "" };
  const what = kind === "numbers" ? ["is no number", "are no numbers"] : ["is no network", "are no networks"];
  return { values, problem: `${wrong.join(", ")} ${what[wrong.length > 1 ? 1 : 0]}. ${LIST_RULES[kind]}` };
}
