// The bar at the top: play, step, speed, the time scrubber, and what is done with the whole page.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Control, Menu } from "./fields.tsx";
import { count, number, percent } from "./format.ts";
import { toFragment } from "./fragment.ts";
import { Icon } from "./icons.tsx";
import { saveFigure } from "./figure.ts";
import { type ThemeChoice, usePage } from "./ui.ts";

export function TopBar(): JSX.Element {
  const { store, ui } = usePage();
  return (
    <header class="topbar">
      <h1>
        <Mark />
        <span>Pellucid</span>
      </h1>
      <div class="transport" role="group" aria-label="Training" data-part="play">
        <button
          type="button"
          class="round"
          title="Back to the start of this run (R)"
          aria-label="Reset"
          onClick={() => store.send({ kind: "reset" })}
        >
          <Icon name="reset" />
        </button>
        <PlayButton />
        <StepMenu />
        <SpeedMenu />
      </div>
      <Standing />
      <Scrubber />
      <div class="tools">
        <button
          type="button"
          class="quiet"
          aria-pressed={ui.card.value !== null}
          title="A short course in eleven cards"
          onClick={() => (ui.card.value = ui.card.value === null ? 0 : null)}
        >
          <Icon name="book" />
          <span>Course</span>
        </button>
        <LinkButton />
        <SaveMenu />
        <button
          type="button"
          class="quiet"
          title="Keyboard (?)"
          aria-label="Keyboard"
          onClick={() => (ui.dialog.value = "keys")}
        >
          <Icon name="keys" />
        </button>
        <ThemeButton />
      </div>
    </header>
  );
}

/** The mark of the house: the same as icon.svg. */
const Mark = (): JSX.Element => (
  <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
    <path class="blue-line" d="M7 9 25 16M7 23 25 16" />
    <path class="orange-line" d="M7 9 16 23 25 16" />
    <circle class="blue" cx="7" cy="9" r="4" />
    <circle class="blue" cx="25" cy="16" r="4.6" />
    <circle class="orange" cx="7" cy="23" r="4" />
  </svg>
);

function PlayButton(): JSX.Element {
  const { store } = usePage();
  const playing = store.playing.value;
  const live = Boolean(store.run.value?.live);
  return (
    <button
      type="button"
      class="round main"
      title={`${playing ? "Pause" : "Play"} (space)`}
      aria-label={playing ? "Pause" : "Play"}
      disabled={live}
      onClick={() => store.togglePlay()}
    >
      <Icon name={playing ? "pause" : "play"} />
    </button>
  );
}

const STEPS = [
  { label: "One batch", unit: "batch", count: 1, key: "B" },
  { label: "One epoch", unit: "epoch", count: 1, key: "E" },
  { label: "Ten epochs", unit: "epoch", count: 10, key: "T" },
] as const;

function StepMenu(): JSX.Element {
  const { store } = usePage();
  const conditions = store.catalog.value?.conditions ?? [];
  const [name, setName] = useState("");
  const [values, setValues] = useState<Record<string, any>>({});
  const condition = conditions.find((each) => each.name === name) ?? conditions[0];
  const starting: Record<string, number> = { score: 0.95, epoch: store.epoch.peek() + 100 };
  const valueOf = (field: { name: string; default?: any }) =>
    values[`${condition?.name}.${field.name}`] ?? starting[condition?.name ?? ""] ?? field.default;
  return (
    <Menu label="Step" title="Train a little, or until something holds" icon={<Icon name="step" />}>
      {(close) => (
        <>
          {STEPS.map((step) => (
            <button
              type="button"
              key={step.label}
              onClick={() => store.send({ kind: "step", unit: step.unit, count: step.count })}
            >
              {step.label} <kbd>{step.key}</kbd>
            </button>
          ))}
          {condition && (
            <form
              class="until"
              onSubmit={(event) => {
                event.preventDefault();
                const parameters = Object.fromEntries(
                  (condition.parameters ?? []).map((each) => [each.name, valueOf(each)]),
                );
                store.send({ kind: "run_until", condition: { name: condition.name, ...parameters } });
                close();
              }}
            >
              <label>
                Until{" "}
                <select value={condition.name} onChange={(event) => setName(event.currentTarget.value)}>
                  {conditions.map((each) => (
                    <option key={each.name} value={each.name}>
                      {each.label}
                    </option>
                  ))}
                </select>
              </label>
              {(condition.parameters ?? []).map((field) => (
                <Control
                  key={`${condition.name}.${field.name}`}
                  field={field}
                  value={valueOf(field)}
                  change={(next) => setValues({ ...values, [`${condition.name}.${field.name}`]: next })}
                />
              ))}
              <button type="submit" class="solid">
                Go
              </button>
            </form>
          )}
        </>
      )}
    </Menu>
  );
}

const SPEEDS: [string, number | null][] = [
  ["full speed", null],
  ["1000 / s", 1000],
  ["100 / s", 100],
  ["30 / s", 30],
  ["10 / s", 10],
  ["3 / s", 3],
  ["1 / s", 1],
];

function SpeedMenu(): JSX.Element {
  const { store } = usePage();
  const speed = store.run.value?.speed ?? null;
  return (
    <select
      class="speed"
      aria-label="Speed"
      title="Speed, in epochs a second"
      value={speed === null ? "" : String(speed)}
      onChange={(event) =>
        store.send({
          kind: "speed",
          epochs_per_second: event.currentTarget.value === "" ? null : Number(event.currentTarget.value),
        })
      }
    >
      {SPEEDS.map(([label, value]) => (
        <option key={label} value={value ?? ""}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** Where the run stands, in numbers. */
function Standing(): JSX.Element {
  const { store } = usePage();
  void store.slow.value;
  const run = store.run.value;
  const accuracy = store.scoreName.value === "accuracy";
  const batch = store.batch.peek();
  const { train, train_score, validation_score } = store.standing.peek();
  const held = Boolean(store.dataset.value?.validation);
  const score = held ? validation_score : train_score;
  const rate = store.rate.peek();
  return (
    <dl class="standing" data-part="standing">
      <div>
        <dt>epoch</dt>
        <dd>
          <span data-test="epoch">{count(store.epoch.peek())}</span>
          {batch > 0 && <small title="Batches done of the next epoch"> + {count(batch)}</small>}
        </dd>
      </div>
      <div title="On the training rows, without penalties">
        <dt>training loss</dt>
        <dd data-test="loss">{number(train, 3)}</dd>
      </div>
      <div title={`On the rows ${held ? "held out for validation" : "that train: none are held out"}`}>
        <dt>
          {held ? "validation" : "training"} {accuracy ? "accuracy" : "R²"}
        </dt>
        <dd data-test="score">{accuracy ? percent(score) : number(score, 3)}</dd>
      </div>
      <div class="rate">
        <dt>{run?.ended ? "ended" : "epochs / s"}</dt>
        <dd title={run?.ended ?? undefined}>
          {run?.ended ? <span class="ended">{run.diverged ? "diverged" : run.ended}</span> : store.playing.value && rate ? count(rate) : "–"}
        </dd>
      </div>
    </dl>
  );
}

/** A slider over the run's epochs; what it shows is trained again where it was not kept. */
function Scrubber(): JSX.Element {
  const { store } = usePage();
  const [dragged, setDragged] = useState<number | null>(null);
  const late = useRef<ReturnType<typeof setTimeout>>(undefined);
  const run = store.run.value;
  void store.slow.value;
  const epoch = store.epoch.peek();
  const kept = run?.furthest?.epoch ?? run?.moments[run.moments.length - 1]?.epoch ?? 0;
  const furthest = store.playing.value ? epoch : Math.max(kept, epoch);
  useEffect(() => {
    if (dragged !== null && dragged === epoch) setDragged(null);
  }, [epoch]);
  const seek = (to: number) => {
    setDragged(to);
    clearTimeout(late.current);
    late.current = setTimeout(() => {
      store.send({ kind: "seek", epoch: to, batch: 0 });
      setTimeout(() => setDragged(null), 400);
    }, 60);
  };
  const most = Math.max(furthest, 1);
  return (
    <label
      class="scrubber"
      data-part="scrubber"
      title="Go back to any earlier moment of this run, and go on from there"
    >
      <span class="visually-hidden">Moment of the run</span>
      <input
        type="range"
        min={0}
        max={most}
        step={1}
        value={dragged ?? epoch}
        aria-valuetext={`epoch ${dragged ?? epoch} of ${most}`}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
    </label>
  );
}

function LinkButton(): JSX.Element {
  const { store } = usePage();
  const copy = async () => {
    const settings = store.settings.peek();
    if (!settings) return;
    const address = location.href.split("#")[0] + (await toFragment(settings));
    try {
      await navigator.clipboard.writeText(address);
      store.report("The address is copied: it holds every setting, and gives the same network.");
    } catch {
      history.replaceState(null, "", address);
      store.report("The address of this page holds every setting: copy it from the browser's bar.");
    }
  };
  return (
    <button
      type="button"
      class="quiet"
      title="Copy the address: it holds every setting"
      aria-label="Copy link"
      onClick={copy}
    >
      <Icon name="link" />
    </button>
  );
}

function SaveMenu(): JSX.Element {
  const page = usePage();
  const { store } = page;
  const file = useRef<HTMLInputElement>(null);
  const ask = (what: string) => () => store.send({ kind: "export", what });
  return (
    <Menu label="" title="Save and open" icon={<Icon name="save" />} class="right">
      {(close) => (
        <>
          <button type="button" data-export="script" onClick={ask("script")}>
            Python script <small>with MLPClassifier or MLPRegressor</small>
          </button>
          <button type="button" data-export="model" onClick={ask("model")}>
            Model file <small>for pellucid.load</small>
          </button>
          <button type="button" data-export="session" onClick={ask("session")}>
            Session <small>weights and all, replays exactly</small>
          </button>
          <button type="button" data-export="svg" onClick={() => saveFigure(page, "svg")}>
            Figure, SVG <small>the network as drawn</small>
          </button>
          <button type="button" data-export="png" onClick={() => saveFigure(page, "png")}>
            Figure, PNG
          </button>
          <button type="button" onClick={() => file.current?.click()}>
            <Icon name="open" /> Open a session…
          </button>
          <input
            ref={file}
            type="file"
            hidden
            aria-label="Session file"
            onChange={async (event) => {
              const chosen = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (chosen) await store.sendFile({ kind: "load_session" }, chosen, "A session file", "session_bytes");
              close();
            }}
          />
        </>
      )}
    </Menu>
  );
}

const NEXT: Record<ThemeChoice, ThemeChoice> = { auto: "light", light: "dark", dark: "auto" };
const SAID: Record<ThemeChoice, string> = { auto: "as the system has it", light: "light", dark: "dark" };

function ThemeButton(): JSX.Element {
  const { ui } = usePage();
  const choice = ui.themeChoice.value;
  const icon = choice === "auto" ? "auto" : choice === "light" ? "sun" : "moon";
  return (
    <button
      type="button"
      class="quiet"
      title={`Colours: ${SAID[choice]}`}
      aria-label={`Colours: ${SAID[choice]}`}
      onClick={() => (ui.themeChoice.value = NEXT[choice])}
    >
      <Icon name={icon} />
    </button>
  );
}
