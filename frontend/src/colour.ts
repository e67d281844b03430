// Colours that the colour-blind can tell apart: blue for positive, orange for negative, and a palette for classes. Those
// that lie side by side are of different lightness, too, so that they are told apart in grey.

export type Theme = "light" | "dark";
type RGB = readonly [number, number, number];

const STOPS: Record<Theme, readonly RGB[]> = {
  light: [
    [214, 104, 10],
    [240, 166, 92],
    [247, 246, 243],
    [92, 142, 198],
    [14, 66, 130],
  ],
  dark: [
    [255, 186, 112],
    [176, 108, 48],
    [33, 37, 43],
    [30, 82, 138],
    [78, 148, 226],
  ],
};

/** Okabe and Ito's palette, ordered so that the first two are the two of the diverging table. */
const CLASSES: Record<Theme, readonly RGB[]> = {
  light: [
    [218, 116, 20],
    [18, 80, 150],
    [0, 112, 84],
    [214, 128, 182],
    [214, 174, 20],
    [70, 175, 225],
    [110, 110, 118],
    [150, 60, 50],
    [90, 75, 160],
    [120, 150, 40],
  ],
  dark: [
    [245, 160, 80],
    [70, 138, 214],
    [24, 132, 100],
    [248, 182, 218],
    [245, 222, 90],
    [130, 210, 250],
    [160, 163, 170],
    [225, 120, 105],
    [160, 145, 235],
    [175, 205, 90],
  ],
};

const pack = ([red, green, blue]: RGB): number => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

const mix = (a: RGB, b: RGB, share: number): RGB =>
  [0, 1, 2].map((channel) => Math.round(a[channel]! + (b[channel]! - a[channel]!) * share)) as unknown as RGB;

function at(stops: readonly RGB[], share: number): RGB {
  const known = Number.isNaN(share) ? 0.5 : share; // what has diverged is neither high nor low
  const place = Math.min(Math.max(known, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return mix(stops[low]!, stops[low + 1]!, place - low);
}

/** 256 pixels, from strongly negative to strongly positive; a softer table leaves room for points on top. */
export function divergingTable(theme: Theme, strength = 1): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => pack(at(STOPS[theme], 0.5 + (byte / 255 - 0.5) * strength)));
}

/** Pixels of a class at 256 degrees of certainty, the least certain near the background. */
export function classTable(theme: Theme, index: number): Uint32Array {
  const colour = CLASSES[theme][index % CLASSES[theme].length]!;
  return Uint32Array.from({ length: 256 }, (_, byte) =>
    pack(mix(STOPS[theme][2]!, colour, 0.12 + 0.75 * (byte / 255) ** 1.5)),
  );
}

const css = ([red, green, blue]: RGB): string => `rgb(${red} ${green} ${blue})`;

/** The colour of a value between −1 and 1. */
export const diverging = (theme: Theme, value: number): string => css(at(STOPS[theme], (value + 1) / 2));

/** The ink, dark or light, that is better read on a colour of `diverging`. */
export function inkOn(theme: Theme, value: number): string {
  const [red, green, blue] = at(STOPS[theme], (value + 1) / 2).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as RGB;
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue; // as the contrast of WCAG counts it
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? "#fff" : "#000";
}

/** The colour of a class; any for what is none, as where points are still those of a regression. */
export const classColour = (theme: Theme, index: number): string =>
  css(CLASSES[theme][Math.abs(Math.round(index || 0)) % CLASSES[theme].length]!);

/** Class colours for points: two classes are the two ends of the diverging table. */
export function pointColour(theme: Theme, task: string, target: number, low: number, high: number): string {
  if (task === "regression") return diverging(theme, high > low ? (2 * (target - low)) / (high - low) - 1 : 0);
  return classColour(theme, target);
}

/** Colours of a chart's lines. */
export const LINES = {
  light: { train: "#1f66ad", validation: "#c26511", penalised: "#7d8490", batches: "#a9c4de" },
  dark: { train: "#6cb2f5", validation: "#f0a35e", penalised: "#8b93a0", batches: "#3d5f80" },
};
