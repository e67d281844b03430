// What only the page knows: what is selected, open and lit, and the theme.
import { type Signal, computed, effect, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Theme } from "./colour.ts";
import type { Drawing } from "./layout.ts";
import type { Store } from "./store.ts";
import type { Parameter } from "./types.ts";

export interface NeuronPlace {
  layer: number;
  neuron: number;
}

export type Drawer = "step" | "compare" | "wall" | null;
export type Chart = "curves" | "confusion" | "predicted" | "histograms" | "norms" | "surface" | "warp";
export type Tool = "look" | "remove" | number;
export type ThemeChoice = "auto" | Theme;

/** Where the arrow keys lead, right and down. */
export const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Pixels of the page's width, and how large text is from there on: larger screens are seen from further away. */
const SCALES: readonly (readonly [number, number])[] = [
  [1720, 1.15],
  [2300, 1.3],
  [3200, 1.6],
];

export class Ui {
  readonly theme: Signal<Theme>;
  readonly themeChoice: Signal<ThemeChoice>;
  /** The neuron that the inspector and the large map speak of. */
  readonly neuron = signal<NeuronPlace | null>(null);
  readonly weight = signal<Parameter | null>(null);
  readonly hovered = signal<NeuronPlace | null>(null);
  readonly drawer = signal<Drawer>(null);
  /** Which of a step's four stages is shown. */
  readonly stage = signal(0);
  readonly card = signal<number | null>(null);
  readonly chart = signal<Chart>("curves");
  readonly links = signal<"weights" | "gradients">("weights");
  readonly logLoss = signal(false);
  readonly discrete = signal(false);
  readonly validationShown = signal(true);
  readonly tool = signal<Tool>("look");
  readonly lit = signal<string | null>(null);
  /** The formula that was sent and not taken yet: what is wrong with it is said where it was written. */
  readonly formula = signal<string | null>(null);
  /** The network's drawing as it stands. */
  readonly plan = signal<Drawing | null>(null);
  readonly dialog = signal<"paste" | "roles" | "keys" | null>(null);
  /** How large text is, and what holds it: 1 on a laptop. */
  readonly scale = signal(1);
  readonly shown = computed(() => this.hovered.value ?? this.neuron.value);

  constructor(private readonly root: HTMLElement) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const system = signal<Theme>(dark.matches ? "dark" : "light");
    dark.addEventListener("change", () => (system.value = dark.matches ? "dark" : "light"));
    this.themeChoice = signal((remembered("pellucid-theme") as ThemeChoice) ?? "auto");
    this.theme = computed(() =>
      this.themeChoice.value === "auto" ? system.value : (this.themeChoice.value as Theme),
    ) as Signal<Theme>;
    effect(() => {
      this.root.dataset.theme = this.theme.value;
      remember("pellucid-theme", this.themeChoice.value);
    });
    const wide = SCALES.map(([width]) => matchMedia(`(min-width: ${width}px)`));
    const look = () => (this.scale.value = SCALES[wide.findLastIndex((media) => media.matches)]?.[1] ?? 1);
    for (const media of wide) media.addEventListener("change", look);
    look();
    effect(() => this.root.style.setProperty("--scale", String(this.scale.value)));
    effect(() => {
      for (const part of this.root.querySelectorAll("[data-lit]")) part.removeAttribute("data-lit");
      if (this.lit.value) this.root.querySelector(`[data-part="${this.lit.value}"]`)?.setAttribute("data-lit", "");
    });
  }

  selectNeuron(place: NeuronPlace | null): void {
    this.neuron.value = place;
    this.weight.value = null;
  }

  selectWeight(parameter: Parameter | null): void {
    this.weight.value = parameter;
    if (parameter) this.neuron.value = { layer: parameter[0], neuron: parameter[parameter.length - 1] as number };
  }
}

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A page without storage forgets the choice, nothing more.
  }
}

export interface Page {
  store: Store;
  ui: Ui;
}

export const PageContext = createContext<Page>(null as unknown as Page);
export const usePage = (): Page => useContext(PageContext);
