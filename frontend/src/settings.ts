// The settings of a run, and how they are changed: every function returns new settings and leaves the old ones alone.

export type Named = string | ({ name: string } & Record<string, unknown>);

export interface Layer {
  width: number;
  activation: Named;
  dropout: number;
  normalization?: unknown;
  [more: string]: unknown;
}

export interface Settings {
  version: number;
  data: Record<string, any>;
  inputs: { features: string[]; view: { mode: string; x: any; y: any }; [more: string]: any };
  network: { layers: Layer[]; [more: string]: any };
  training: Record<string, any>;
  stop: Record<string, any>;
  [more: string]: any;
}

export type Path = readonly (string | number)[];

export const path = (text: string): Path => text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));

export function valueAt(settings: unknown, where: Path): any {
  return where.reduce<any>((value, key) => value?.[key], settings);
}

export function withValue<T>(settings: T, where: Path, value: unknown): T {
  if (where.length === 0) return value as T;
  const [key, ...rest] = where;
  const old = (settings as any)?.[key!];
  const changed = withValue(old, rest, value);
  if (Array.isArray(settings)) return settings.map((item, place) => (place === key ? changed : item)) as T;
  return { ...(settings as any), [key!]: changed };
}

export const nameOf = (choice: Named | null | undefined): string =>
  typeof choice === "string" ? choice : (choice?.name ?? "");

/** The layers with another one put in, like the one before it. */
export function insertLayer(settings: Settings, at: number, most = 12): Settings {
  const layers = settings.network.layers;
  if (layers.length >= most) return settings;
  const like = layers[at - 1] ?? layers[at] ?? { width: 4, activation: "tanh", dropout: 0 };
  return withValue(settings, ["network", "layers"], [...layers.slice(0, at), { ...like }, ...layers.slice(at)]);
}

export function removeLayer(settings: Settings, at: number): Settings {
  return withValue(
    settings,
    ["network", "layers"],
    settings.network.layers.filter((_, place) => place !== at),
  );
}

/** A layer wider or narrower; one that would lose its last neuron stays. */
export function resizeLayer(settings: Settings, at: number, width: number, most = 64): Settings {
  const limited = Math.min(Math.max(Math.round(width), 1), most);
  return withValue(settings, ["network", "layers", at, "width"], limited);
}

export interface Difference {
  path: string;
  from: unknown;
  to: unknown;
}

/** Where two settings differ, one entry a leaf; lists of layers are compared as one. */
export function differences(from: any, to: any, at = ""): Difference[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  const deep = (value: any) => value !== null && typeof value === "object" && !Array.isArray(value);
  if (!deep(from) || !deep(to)) return [{ path: at, from, to }];
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) =>
    differences(from[key], to[key], at ? `${at}.${key}` : key),
  );
}
