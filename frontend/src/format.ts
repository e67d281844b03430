// Numbers as people read them.

/** A number with so many significant digits: −0.1235, 2, 1.5e−7. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text = value.toPrecision(digits);
  if (size !== 0 && (size < 1e-4 || size >= 10 ** digits * 10)) text = value.toExponential(digits - 1);
  else if (text.includes("e")) text = String(Number(text));
  let [mantissa = "", exponent] = text.split("e");
  if (mantissa.includes(".")) mantissa = mantissa.replace(/\.?0+$/, "");
  if (mantissa === "-0") mantissa = "0";
  return (exponent ? `${mantissa}e${Number(exponent)}` : mantissa).replaceAll("-", "−");
}

/** A number on an axis of such a span, rounded to a hundredth of its order: of 43 to a tenth. */
export function onAxis(value: number, span: number): string {
  const unit = 10 ** (Math.floor(Math.log10(span)) - 2);
  const rounded = Number((Math.round(value / unit) * unit).toPrecision(12));
  return number(Number.isFinite(rounded) ? rounded : value, 9);
}

/** A regression's value, which a network learns centred and scaled, as the table has it. */
export const inUnits = (dataset: { task: string; target: { mean?: number; scale?: number } }, value: number): number =>
  dataset.task === "regression" ? value * (dataset.target.scale ?? 1) + (dataset.target.mean ?? 0) : value;

/** A day, counted from 1970-01-01: 2024-02-29. */
export function day(value: number): string {
  const date = new Date(Math.round(value) * 86_400_000);
  return Number.isNaN(date.getTime()) ? number(value) : date.toISOString().slice(0, 10);
}

export function percent(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : `${(100 * value).toFixed(1)} %`;
}

/** A count with thin spaces: 12 345. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
}

/** Megabytes of 2²⁰ bytes, as the server counts them: 32, 33.5. */
export const megabytes = (bytes: number): string => number(Math.ceil((10 * bytes) / 2 ** 20) / 10, 6);

/** What a person typed, as a number; null if it is none. */
export function parse(text: string): number | null {
  const clean = text.trim().replaceAll("−", "-").replace(",", ".");
  if (clean === "") return null;
  const value = Number(clean);
  return Number.isFinite(value) ? value : null;
}

/** So many of something: 1 column, 2 columns. */
export const counted = (many: number, what: string): string => `${count(many)} ${what}${many === 1 ? "" : "s"}`;

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export const subscript = (value: number): string =>
  [...String(value)].map((digit) => SUBSCRIPTS[Number(digit)]).join("");
export const superscript = (value: number): string =>
  [...String(value)].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");

/** A weight's name as in the formulas, places counted from 0: w₁₂, and w₁,₁₂ where one has two digits. */
export const weightName = (from: number, to: number): string =>
  `w${subscript(from + 1)}${from > 8 || to > 8 ? "," : ""}${subscript(to + 1)}`;

/** The name of a feature as it is written in books: x1^2 becomes x₁². */
export function featureName(name: string): string {
  return name
    .replace(
      /\b([A-Za-z])(\d+)\b/g,
      (_, letter: string, digits: string) => letter + [...digits].map((digit) => SUBSCRIPTS[Number(digit)]).join(""),
    )
    .replace(/\^(\d+)/g, (_, digits: string) => [...digits].map((digit) => SUPERSCRIPTS[Number(digit)]).join(""))
    .replaceAll("**2", "²")
    .replaceAll("*", "\u2009·\u2009");
}
