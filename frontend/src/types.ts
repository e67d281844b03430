// What the server says: see "The wire" in docs/workbench.md.
import type { Settings } from "./settings.ts";

export interface Field {
  name: string;
  path?: string;
  group?: string;
  label: string;
  help: string;
  kind: "number" | "integer" | "flag" | "choice" | "text" | "numbers";
  low?: number | null;
  high?: number | null;
  low_open?: boolean;
  high_open?: boolean;
  log?: boolean;
  default?: any;
  choices?: Choice[] | null;
  live?: boolean;
  optional?: boolean;
}

export interface Choice {
  name: string;
  label: string;
  help?: string;
  parameters?: Field[];
  tasks?: string[];
}

export interface Source extends Choice {
  group: string;
  size: boolean;
  noise: boolean;
  editable: boolean;
}

export interface Catalog {
  sources: Source[];
  features: Choice[];
  activations: Choice[];
  initializers: Choice[];
  optimizers: Choice[];
  losses: Choice[];
  schedules: Choice[];
  normalizations?: Choice[];
  fields: Field[];
  metrics: Choice[];
  conditions: Choice[];
  limits: Record<string, number>;
}

export interface Column {
  name: string;
  kind: string;
  role: string;
  missing: number;
  low?: number | null;
  high?: number | null;
  categories?: unknown;
}

export interface Axis {
  name: string;
  low: number;
  high: number;
  /** The base column's place, or the component's. */
  column: number;
  /** A date's values are days since 1970-01-01. */
  kind: "number" | "date" | "category";
}

export interface Dataset {
  /** Names of the outputs: classes, or a regression's targets. */
  outputs?: string[];
  task: "binary" | "multiclass" | "regression";
  classes: string[];
  columns: Column[];
  features: string[];
  rows: number;
  train: number;
  validation: number;
  axes: { x: Axis; y: Axis; mode: string; columns: string[] };
  target: { name: string; low: number; high: number; mean?: number; scale?: number };
  editable: boolean;
  /** How many features each input becomes before the first layer, and their names; null where inputs stay as they are. */
  embedded?: { counts: number[]; names: string[] } | null;
  /** Names of several labels a row may have; the first is what points and the large map show. */
  labels?: string[];
  /** What a reader must know about the rows. */
  notes?: string[];
  [more: string]: any;
}

export type Parameter = [number, "weights", number, number] | [number, "bias", number];

export interface Block {
  role: string;
  layer: number;
  shape: number[];
  start: number;
}

export interface Moment {
  epoch: number;
  batch: number;
}

export interface Run {
  id: number;
  epoch: number;
  step: number;
  playing: boolean;
  ended: string | null;
  diverged?: boolean;
  widths: number[];
  layers: { width: number; activation: any; dropout: number; normalization: any }[];
  layout: Block[];
  moments: Moment[];
  position: Moment | number | null;
  marks: { epoch: number; what: string; from: unknown; to: unknown }[];
  frozen: Parameter[];
  can_undo: boolean;
  can_redo: boolean;
  speed: number | null;
  rate: number | null;
  fresh?: boolean;
  /** A fit that runs elsewhere is watched. */
  live?: boolean;
  furthest?: Moment;
}

export interface KeptRun {
  id: string;
  name: string;
  settings: Settings;
  differences: { path: string; label: string; value: unknown }[];
  epoch?: number;
  loss: number | null;
  validation: number | null;
  score: number | null;
  score_name: string;
}

export interface Wall {
  settings: Record<string, unknown[]>;
  paths: string[];
  cells: { cell: number; values: unknown[]; ended: string | null }[];
  epochs: number;
  epoch: number;
  running: boolean;
}

export interface Problem {
  path: string;
  message: string;
}

export interface Failure {
  subject?: string;
  rule?: string;
  value?: unknown;
  remedy?: string;
  message?: string;
}

export interface Formula {
  left: string;
  symbols: string;
  numbers: string;
  result: string;
}

export interface Formulas {
  layer: number;
  neuron: number;
  input: number | null;
  row: number;
  forward: Formula[];
  loss: Formula[];
  backward: Formula[];
  update: Formula[];
}
