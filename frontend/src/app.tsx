// The page: its parts, its drawers, its keys, and what it tells the server about itself.
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Charts } from "./charts.tsx";
import { CompareView } from "./compare.tsx";
import { Course } from "./course.tsx";
import { toFragment } from "./fragment.ts";
import { Icon } from "./icons.tsx";
import { Inspector } from "./inspector.tsx";
import { MOST_NEURONS } from "./layout.ts";
import { NetworkView } from "./network.tsx";
import { OutputView } from "./output.tsx";
import { sharpness } from "./paint.ts";
import { Panels, PasteDialog, RolesDialog, uploadFile } from "./panels.tsx";
import { StepView } from "./step.tsx";
import { TopBar } from "./topbar.tsx";
import { type Drawer, type Page, usePage } from "./ui.ts";
import { WallView } from "./wall.tsx";

const DRAWERS: [Exclude<Drawer, null>, string][] = [
  ["step", "Inside one step"],
  ["compare", "Compare"],
  ["wall", "The wall"],
];

export function App(): JSX.Element {
  const page = usePage();
  const { store, ui } = page;
  useWiring(page);
  const course = ui.card.value !== null;
  const drawer = ui.drawer.value;
  const drawn = useRef<HTMLElement>(null);
  useEffect(() => {
    if (drawer && matchMedia("(max-width: 980px)").matches) drawn.current?.scrollIntoView({ block: "start" });
  }, [drawer]);
  return (
    <div
      class={`page${course ? " with-course" : ""}${drawer ? " with-drawer" : ""}${drawer === "wall" ? " with-wall" : ""}`}
    >
      <TopBar />
      <Panels />
      <main class="centre">
        <NetworkView />
        {drawer !== "step" && <Inspector />}
      </main>
      <aside class="results" aria-label="Results">
        <OutputView />
        <Charts />
      </aside>
      <Course />
      <section class="drawer" aria-label="Drawer" ref={drawn}>
        <div class="drawer-tabs">
          {DRAWERS.map(([name, title]) => (
            <button
              type="button"
              key={name}
              data-drawer={name}
              aria-expanded={drawer === name}
              onClick={() => (ui.drawer.value = drawer === name ? null : name)}
            >
              {title}
            </button>
          ))}
          <span class="spacer" />
          {drawer && (
            <button
              type="button"
              class="quiet small"
              aria-label="Close the drawer"
              onClick={() => (ui.drawer.value = null)}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
        {drawer && (
          <div
            class="drawer-body"
            tabIndex={0}
            role="region"
            aria-label={DRAWERS.find(([name]) => name === drawer)![1]}
          >
            {drawer === "step" && <StepView />}
            {drawer === "compare" && <CompareView />}
            {drawer === "wall" && <WallView />}
          </div>
        )}
      </section>
      <Dialogs />
      <Notices />
      {store.connection.value !== "open" && <Connection state={store.connection.value} />}
    </div>
  );
}

function Connection({ state }: { state: string }): JSX.Element | null {
  if (state === "opening" || state === "widget") return null;
  return (
    <p class="connection" role="status">
      {state === "refused"
        ? "The server was started anew, and this is the address that it had before: open the one that it printed now."
        : "The server does not answer. This page goes on as soon as it does."}
    </p>
  );
}

function Notices(): JSX.Element {
  const { store } = usePage();
  return (
    <div class="notices" role="status" aria-live="polite">
      {store.notices.value.map((notice) => (
        <p key={notice.text}>
          <span>{notice.text}</span>
          {notice.times > 1 && <small aria-label={`${notice.times} times`}>× {notice.times}</small>}
          <button type="button" class="quiet small" aria-label="Dismiss" onClick={() => store.dismiss(notice.id)}>
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}

const DIALOGS: Record<string, string> = { paste: "Paste a table", roles: "Columns of the table", keys: "Keys" };

function Dialogs(): JSX.Element {
  const { ui } = usePage();
  const ref = useRef<HTMLDialogElement>(null);
  const open = ui.dialog.value;
  useEffect(() => {
    if (open) ref.current?.showModal();
    else ref.current?.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      onClose={() => (ui.dialog.value = null)}
      onClick={(event) => event.target === ref.current && (ui.dialog.value = null)}
      aria-label={DIALOGS[open ?? ""] ?? "closed"}
    >
      {open === "paste" && <PasteDialog />}
      {open === "roles" && <RolesDialog />}
      {open === "keys" && <Keys />}
    </dialog>
  );
}

const KEYS: [string, string][] = [
  ["Space", "play, pause; on a button, what it does"],
  ["R", "reset to the same start"],
  ["B · E · T", "one batch · one epoch · ten epochs"],
  ["Arrows", "from neuron to neuron; on the wall, from network to network"],
  ["Enter", "choose a neuron, then Tab to its values"],
  ["Arrows, Enter", "on the map: move the cross, add or remove a point there"],
  ["+ · −", "a neuron more, a neuron less in the chosen layer"],
  ["1 · 2 · 3", "inside one step · compare · the wall"],
  [", · .", "stage before · stage after"],
  ["Ctrl Z · Ctrl Shift Z", "undo · redo"],
  ["Esc", "close"],
];

function Keys(): JSX.Element {
  return (
    <div class="dialog-body">
      <h2>Keyboard</h2>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

// --- wiring ----------------------------------------------------------------------------------------------------------

const MANY_MAPS = 90;

/** Tell the server what is visible, keep the URL true, listen to keys and dropped files. */
function useWiring(page: Page): void {
  const { store } = page;
  const [dropping, setDropping] = useState(false);
  useEffect(() => effect(() => sendView(page)), []);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    return effect(() => {
      const settings = store.settings.value;
      if (!settings || store.connection.peek() === "widget") return;
      clearTimeout(timer);
      timer = setTimeout(async () => {
        store.fragment = await toFragment(settings);
        history.replaceState(null, "", location.pathname + location.search + store.fragment);
      }, 250);
    });
  }, []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => pressKey(page, event);
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setDropping(true);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setDropping(false);
      const file = event.dataTransfer?.files[0];
      if (file) void uploadFile(store, file);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setDropping(false);
    document.addEventListener("dragover", over);
    document.addEventListener("drop", drop);
    document.addEventListener("dragleave", leave);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("drop", drop);
      document.removeEventListener("dragleave", leave);
    };
  }, []);
  useEffect(() => document.body.classList.toggle("dropping", dropping) as unknown as void, [dropping]);
}

const FINE = 44;
/** Pixels a side below which a map is asked for once more to be shown large. */
const LARGE = 50;
let sentView = "";

function sendView({ store, ui }: Page): void {
  const plan = ui.plan.value;
  const connected = store.connection.value;
  if (connected !== "open" && connected !== "widget") sentView = "";
  if (!plan || !store.run.value || connected === "closed" || connected === "refused") return;
  const places = plan.columns.flatMap((column) => column.places);
  const most = plan.columns.reduce((first, each) => (each.places.length > first.places.length ? each : first));
  const pixels = Math.round(most.size * sharpness()) - 2; // where it can be, a map has just the pixels that show it
  const small = pixels <= FINE ? pixels : Math.ceil(pixels / Math.ceil(pixels / FINE));
  const resolution = ui.shown.value && places.length <= MANY_MAPS ? 50 : Math.max(8, places.length > 300 ? 12 : small);
  const chart = ui.chart.value;
  const view = {
    kind: "view",
    maps: places.map(({ layer, neuron }) => [layer, neuron]),
    resolution,
    output_resolution: store.playing.value ? 80 : 200,
    charts: chart === "confusion" || chart === "predicted" || chart === "histograms" ? [chart] : [],
    links: ui.links.value,
    large: ui.shown.value && resolution < LARGE ? [ui.shown.value.layer, ui.shown.value.neuron] : null,
  };
  const text = JSON.stringify([store.run.value.id, connected, view]);
  if (text === sentView) return;
  sentView = text;
  store.send(view);
}

function pressKey({ store, ui }: Page, event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const typing = target.matches("input:not([type=range]):not([type=checkbox]), textarea, select");
  if (typing || ui.dialog.peek() || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    store.send({ kind: key === "y" || event.shiftKey ? "redo" : "undo" });
    return;
  }
  const resize = (by: number) => {
    const layer = ui.neuron.peek()?.layer ?? -1;
    const width = store.settings.peek()?.network.layers[layer]?.width;
    if (width) store.setAt(`network.layers.${layer}.width`, Math.max(1, Math.min(Math.max(MOST_NEURONS, width), width + by)));
  };
  const toggle = (name: Drawer) => (ui.drawer.value = ui.drawer.peek() === name ? null : name);
  const actions: Record<string, () => void> = {
    " ": () => store.togglePlay(),
    r: () => store.send({ kind: "reset" }),
    b: () => store.send({ kind: "step", unit: "batch", count: 1 }),
    e: () => store.send({ kind: "step", unit: "epoch", count: 1 }),
    t: () => store.send({ kind: "step", unit: "epoch", count: 10 }),
    "+": () => resize(1),
    "-": () => resize(-1),
    "1": () => toggle("step"),
    "2": () => toggle("compare"),
    "3": () => toggle("wall"),
    ",": () => (ui.stage.value = Math.max(0, ui.stage.peek() - 1)),
    ".": () => (ui.stage.value = Math.min(3, ui.stage.peek() + 1)),
    "?": () => (ui.dialog.value = "keys"),
    Escape: () => (ui.neuron.peek() ? ui.selectNeuron(null) : (ui.drawer.value = null)),
  };
  const action = actions[key];
  const presses = "button:not(.editor), summary, [role=tab], input:not([type=range])"; // what Space has a use for
  if (!action || (key === " " && target.matches(presses))) return;
  event.preventDefault();
  action();
}
