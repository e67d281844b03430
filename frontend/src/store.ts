// What the page knows: the model's state as signals, the latest frame as plain arrays, and every action a person has.
import { type Signal, batch, signal } from "@preact/signals";
import { megabytes } from "./format.ts";
import { fromFragment } from "./fragment.ts";
import { History, thinned } from "./history.ts";
import type { Model } from "./model.ts";
import { type Settings, path, valueAt, withValue } from "./settings.ts";
import type { Catalog, Dataset, Failure, Formulas, KeptRun, Moment, Parameter, Problem, Run, Wall } from "./types.ts";
import { type NumberArray, arrays } from "./wire.ts";

export interface FieldMap {
  data: Uint8Array;
  size: number;
  range: number;
}

export interface Points {
  x: Float32Array;
  y: Float32Array;
  target: Float32Array;
  part: Uint8Array;
  row: Int32Array;
}

export interface Answer {
  content: Record<string, any>;
  arrays: Record<string, NumberArray>;
}

/** The latest frame: arrays that painters read; `frame` counts up when they have changed. */
export interface Live {
  parameters: Float32Array | null;
  gradients: Float32Array | null;
  norms: Float32Array | null;
  maps: Map<string, FieldMap>;
  /** The one neuron's map that is shown large, where the others are coarse. */
  large: (FieldMap & { key: string }) | null;
  output: NumberArray | null;
  outputKind: string;
  outputRange: [number, number];
  dead: Set<string>;
  saturated: Set<string>;
  charts: Answer | null;
}

/** Counts up at most so often, at once if the last time is long ago, and once more when things have come to rest. */
export class Ticker {
  private readonly count = signal(0);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private last = -Infinity;

  constructor(private readonly pause: number) {}

  get value(): number {
    return this.count.value;
  }

  tell(): void {
    const wait = this.pause - (performance.now() - this.last);
    if (wait > 0) {
      this.timer ??= setTimeout(() => this.up(), wait);
      return;
    }
    this.up();
  }

  private up(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.last = performance.now();
    this.count.value++;
  }
}

/** Loss and score of a moment, where they were measured. */
export interface Standing {
  train?: number | null;
  validation?: number | null;
  train_score?: number | null;
  validation_score?: number | null;
}

export interface Clock {
  frame(callback: () => void): void;
}

/** What a person is told for a while, and how often it was said. */
export interface Notice {
  id: number;
  text: string;
  times: number;
}

const REPORTED_AS_ANSWERS = [
  "explanation",
  "formulas",
  "gradient_check",
  "surface",
  "warp",
  "wall_frame",
  "histograms",
  "kept_history",
  "kept_map",
];
const MOST_NOTICES = 3;
const NOTICE_STAYS = 12_000;
const MOST_NORMS = 1200;
export const MAP_KEY = (layer: number, neuron: number): string => `${layer},${neuron}`;

export class Store {
  readonly settings = signal<Settings | null>(null);
  /** The last settings that the server took. */
  readonly taken = signal<Settings | null>(null);
  readonly catalog = signal<Catalog | null>(null);
  readonly dataset = signal<Dataset | null>(null);
  readonly run = signal<Run | null>(null);
  readonly runs = signal<KeptRun[]>([]);
  readonly wall = signal<Wall | null>(null);
  readonly problems = signal<Problem[]>([]);
  readonly connection = signal("opening");
  readonly points = signal<Points | null>(null);
  readonly notices = signal<Notice[]>([]);
  readonly frame = signal(0);
  /** For what need not follow each frame: numbers and links; charts. */
  readonly slow = new Ticker(140);
  readonly rare = new Ticker(350);
  readonly epoch = signal(0);
  readonly step = signal(0);
  /** Batches done of the next epoch. */
  readonly batch = signal(0);
  /** What the last frame that measured them found. */
  readonly standing = signal<Standing>({});
  readonly playing = signal(false);
  readonly rate = signal<number | null>(null);
  readonly position = signal<Moment | null>(null);
  /** Which neurons are dead or saturated, as text: it changes only when they do. */
  readonly badges = signal("");
  readonly scoreName = signal("accuracy");
  readonly answers: Record<string, Signal<Answer | null>> = Object.fromEntries(
    REPORTED_AS_ANSWERS.map((kind) => [kind, signal<Answer | null>(null)]),
  );
  readonly formulas = signal<Formulas | null>(null);
  readonly history = new History();
  readonly live: Live = {
    parameters: null,
    gradients: null,
    norms: null,
    maps: new Map(),
    large: null,
    output: null,
    outputKind: "probability",
    outputRange: [0, 1],
    dead: new Set(),
    saturated: new Set(),
    charts: null,
  };
  readonly norms: { epoch: number; values: number[] }[] = [];
  /** Called with each file that the server hands over. */
  onFile: (name: string, type: string, bytes: Uint8Array) => void = () => {};

  private revision = 0;
  /** The frame that waits to be painted. */
  private due: any = null;
  private notice = 0;
  /** The last frame that the server knows to be drawn. */
  private acknowledged = -2;
  private runId = -1;
  private measured: Standing = {};

  constructor(
    readonly model: Model,
    private readonly clock: Clock,
    public fragment = "", // the page's settings as its address holds them: what a new session begins with
  ) {
    const keys = {
      catalog: this.catalog,
      dataset: this.dataset,
      runs: this.runs,
      wall: this.wall,
      problems: this.problems,
      connection: this.connection,
    };
    for (const [key, target] of Object.entries(keys) as [string, Signal<any>][]) {
      const take = () => (target.value = this.model.get(key) ?? target.peek());
      model.on(`change:${key}`, take);
      if (model.get(key) !== undefined) take();
    }
    model.on("change:problems", (problems: Problem[]) => {
      if (problems.length && (this.model.get("revision") ?? 0) >= this.revision) this.takeBack();
    });
    model.on("change:settings", () => this.takeSettings());
    model.on("change:run", () => this.takeRun());
    model.on("msg:custom", (content: any, buffers: DataView[]) => this.takeMessage(content, buffers));
    if (model.get("settings")) this.takeSettings();
    if (model.get("run")) this.takeRun();
  }

  // --- what the server says ---

  private takeSettings(): void {
    const revision = this.model.get("revision") ?? 0;
    if (revision < this.revision) return;
    this.revision = revision;
    this.settings.value = this.taken.value = this.model.get("settings");
  }

  private takeRun(): void {
    const run: Run = this.model.get("run");
    if (!run) return;
    batch(() => {
      if (run.id !== this.runId) {
        this.runId = run.id;
        this.live.maps.clear();
        this.live.large = null;
        this.live.parameters = this.live.gradients = this.live.norms = null;
        this.norms.length = 0;
        this.epoch.value = run.epoch; // from here on frames tell, so that all numbers shown are of one moment
        this.step.value = run.step;
        this.batch.value = 0;
        this.standing.value = this.measured = {};
      }
      if (run.diverged && run.ended && !this.run.peek()?.diverged) this.report(run.ended);
      this.run.value = run;
      this.playing.value = run.playing;
      this.rate.value = run.rate;
    });
    if (run.fresh && this.fragment) void this.openFragment(this.fragment);
  }

  /** Have the server take over the settings that a fragment holds, if it holds some; it adds what they leave out. */
  async openFragment(fragment: string): Promise<void> {
    const settings = await fromFragment(fragment);
    if (!settings && fragment.startsWith("#s="))
      this.report("The settings in the address cannot be read: copy the whole of it.");
    if (settings && JSON.stringify(settings) !== JSON.stringify(this.settings.peek())) this.tell(settings);
  }

  private takeMessage(content: any, buffers: DataView[]): void {
    const found = arrays(content, buffers);
    switch (content.kind) {
      case "frame":
        return this.takeFrame(content, found);
      case "points":
        this.points.value = {
          x: found.x?.data as Float32Array,
          y: found.y?.data as Float32Array,
          target: found.target?.data as Float32Array,
          part: found.part?.data as Uint8Array,
          row: found.row?.data as Int32Array,
        };
        return;
      case "formulas":
        this.formulas.value = content;
        return;
      case "file":
        this.onFile(content.name, content.type, found.data?.data as Uint8Array);
        return;
      case "error":
        this.report(failureText(content));
        if (content.about === "settings") this.takeBack();
        return;
    }
    const answer = this.answers[content.kind];
    if (answer) answer.value = { content, arrays: found };
  }

  private takeFrame(content: any, found: Record<string, NumberArray>): void {
    const { live } = this;
    live.parameters = (found.parameters?.data as Float32Array) ?? live.parameters;
    live.gradients = (found.gradients?.data as Float32Array) ?? (content.brief ? live.gradients : null);
    live.norms = (found.gradient_norms?.data as Float32Array) ?? live.norms;
    live.output = found.output ?? live.output;
    if (content.output) {
      live.outputKind = content.output.kind;
      live.outputRange = content.output.range ?? [0, 1];
    }
    const maps = found.maps;
    if (maps) {
      const size = maps.shape[1]!;
      (content.maps as [number, number][]).forEach(([layer, neuron], place) => {
        const data = (maps.data as Uint8Array).subarray(place * size * size, (place + 1) * size * size);
        live.maps.set(MAP_KEY(layer, neuron), { data, size, range: content.ranges[place] });
      });
    }
    if (found.large) {
      const [layer, neuron] = content.large.neuron;
      const data = found.large.data as Uint8Array;
      live.large = { key: MAP_KEY(layer, neuron), data, size: found.large.shape[1]!, range: content.large.range };
    }
    if (content.badges) {
      this.badges.value = JSON.stringify(content.badges);
      live.dead = new Set(content.badges.dead.map(([layer, neuron]: [number, number]) => MAP_KEY(layer, neuron)));
      live.saturated = new Set(
        content.badges.saturated.map(([layer, neuron]: [number, number]) => MAP_KEY(layer, neuron)),
      );
    }
    if (found.confusion_train || found.predicted || found.histogram_weights) live.charts = { content, arrays: found };
    if (content.train !== undefined && content.run === this.runId) this.measured = content;
    if (content.reset) {
      this.history.clear();
      this.norms.length = 0;
    }
    const history = found.history;
    if (history) this.history.add(history.data, history.shape[1] ?? 9);
    if (found.gradient_norms && live.norms) this.keepNorms(content.epoch, live.norms);
    this.paintSoon(content);
  }

  private keepNorms(epoch: number, norms: Float32Array): void {
    const last = this.norms[this.norms.length - 1];
    if (last && last.epoch >= epoch) return;
    this.norms.push({ epoch, values: Array.from(norms) });
    if (this.norms.length <= MOST_NORMS) return;
    this.norms.splice(0, this.norms.length, ...thinned(this.norms, (each) => each.epoch, MOST_NORMS / 2));
  }

  /** Let painters draw when the browser does, and tell the server so, that it does not send frames in vain. */
  private paintSoon(latest: any): void {
    const waiting = this.due !== null;
    this.due = latest;
    if (waiting) return;
    this.clock.frame(() => {
      const content = this.due;
      this.due = null;
      if (Math.abs(content.frame - this.acknowledged) > 1)
        this.send({ kind: "ack", frame: (this.acknowledged = content.frame) }); // every other one is enough
      if (content.run !== this.runId) return; // another run was told of since it came
      batch(() => {
        this.epoch.value = content.epoch;
        this.step.value = content.step;
        this.batch.value = content.batch ?? 0;
        this.standing.value = this.measured;
        this.rate.value = content.rate ?? this.rate.peek();
        if (content.playing !== undefined) this.playing.value = content.playing;
        this.scoreName.value = content.score ?? this.scoreName.peek();
        this.frame.value++;
        this.slow.tell();
        this.rare.tell();
      });
    });
  }

  report(text: string): void {
    const id = ++this.notice; // what is said again is new, and stays as long
    const timer = setTimeout(() => this.dismiss(id), NOTICE_STAYS);
    (timer as { unref?: () => void }).unref?.();
    const times = 1 + (this.notices.value.find((notice) => notice.text === text)?.times ?? 0);
    const others = this.notices.value.filter((notice) => notice.text !== text);
    this.notices.value = [...others.slice(1 - MOST_NOTICES), { id, text, times }];
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter((notice) => notice.id !== id);
  }

  // --- what a person does ---

  send(content: Record<string, unknown>, buffers?: ArrayBufferView[]): void {
    this.model.send(content, undefined, buffers);
  }

  /** Send a file, if it is not larger than the server takes one. */
  async sendFile(content: Record<string, unknown>, file: File, what: string, limit: string): Promise<void> {
    const most = this.catalog.peek()?.limits[limit] ?? Infinity;
    if (file.size > most)
      return this.report(`${what} may have ${megabytes(most)} MB; ${file.name} has ${megabytes(file.size)}.`);
    this.send(content, [new Uint8Array(await file.arrayBuffer())]);
  }

  /** Take over new settings: shown at once, and told to the server. */
  change(settings: Settings): void {
    this.settings.value = settings;
    this.tell(settings);
  }

  private tell(settings: Settings): void {
    this.model.set("settings", settings);
    this.model.set("revision", ++this.revision);
    this.model.save_changes();
  }

  /** Show the last settings that the server took: what it refused would be refused with every later change, too. */
  private takeBack(): void {
    this.settings.value = this.taken.peek();
  }

  forgetProblems(): void {
    this.problems.value = [];
  }

  setAt(where: string, value: unknown): void {
    const settings = this.settings.peek();
    if (settings && JSON.stringify(valueAt(settings, path(where))) !== JSON.stringify(value))
      this.change(withValue(settings, path(where), value));
  }

  edit(parameter: Parameter, value: number): void {
    this.send({ kind: "edit", parameter, value });
  }

  freeze(parameter: Parameter, frozen: boolean): void {
    this.send({ kind: "freeze", parameter, frozen });
  }

  togglePlay(): void {
    const playing = !this.playing.peek();
    if (!this.run.peek()?.live) this.playing.value = playing;
    this.send({ kind: playing ? "play" : "pause" });
  }

  // --- reading parameters ---

  /** A parameter's place in the flat vector; −1 where there is none. */
  placeOf(parameter: Parameter): number {
    const [layer, role] = parameter;
    const block = this.run.peek()?.layout.find((each) => each.role === role && each.layer === layer);
    if (!block) return -1;
    return role === "bias"
      ? block.start + (parameter[2] as number)
      : block.start + (parameter[2] as number) * block.shape[1]! + (parameter[3] as number);
  }

  valueOf(parameter: Parameter): number | null {
    return this.live.parameters?.[this.placeOf(parameter)] ?? null;
  }

  isFrozen(parameter: Parameter): boolean {
    const text = JSON.stringify(parameter);
    return this.run.value?.frozen.some((each) => JSON.stringify(each) === text) ?? false;
  }
}

export function failureText(failure: Failure): string {
  if (failure.message) return failure.message;
  return [
    failure.subject,
    failure.rule,
    failure.value === undefined ? "" : `Got ${JSON.stringify(failure.value)}.`,
    failure.remedy,
  ]
    .filter(Boolean)
    .join(" ");
}
