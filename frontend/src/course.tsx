// The course in the page's side: one card at a time.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CARDS, type Card } from "./cards.ts";
import { Icon } from "./icons.tsx";
import type { Page } from "./ui.ts";
import { usePage } from "./ui.ts";

function open({ store, ui }: Page, card: Card): void {
  const settings = store.settings.peek();
  if (settings) store.change(card.settings(settings));
  store.send({ kind: "reset" }); // also where the settings could have been changed while it runs
  ui.selectNeuron(card.neuron ?? null);
  if (card.drawer) ui.drawer.value = card.drawer;
  if (card.stage !== undefined) ui.stage.value = card.stage;
  if (card.chart) ui.chart.value = card.chart;
}

export function Course(): JSX.Element | null {
  const page = usePage();
  const { ui } = page;
  const place = ui.card.value;
  const card = place === null ? null : CARDS[place];
  const [hint, setHint] = useState(false);
  useEffect(() => {
    setHint(false);
    ui.lit.value = card?.part ?? null;
    if (card) ui.drawer.value = card.drawer ?? null;
    if (card?.stage !== undefined) ui.stage.value = card.stage;
  }, [place]);
  useEffect(() => {
    const again = ui.lit.value;
    ui.lit.value = null;
    ui.lit.value = again;
  }, [ui.drawer.value]);
  if (place === null || !card) return null;
  return (
    <aside class="course" aria-label="Course" data-card={card.name}>
      <div class="bar">
        <span class="note">
          {place + 1} of {CARDS.length}
        </span>
        <span class="spacer" />
        <button type="button" class="quiet small" aria-label="Close the course" onClick={() => (ui.card.value = null)}>
          <Icon name="close" />
        </button>
      </div>
      <div class="course-text" tabIndex={0} role="region" aria-label={card.title}>
        <h2>{card.title}</h2>
        {card.text.map((paragraph) => (
          <p key={paragraph.slice(0, 20)}>{paragraph}</p>
        ))}
        <button type="button" class="solid" data-test="card-setup" onClick={() => open(page, card)}>
          Set the page up for this
        </button>
        <div class="try">
          <h3>Try it</h3>
          <p>{card.question}</p>
          {hint ? (
            <p class="hint">{card.hint}</p>
          ) : (
            <button type="button" class="text" onClick={() => setHint(true)}>
              A hint
            </button>
          )}
        </div>
      </div>
      <div class="bar">
        <button type="button" class="quiet" disabled={place === 0} onClick={() => (ui.card.value = place - 1)}>
          <Icon name="left" />
          <span>Back</span>
        </button>
        <span class="dots" role="group" aria-label="Cards">
          {CARDS.map((each, index) => (
            <button
              type="button"
              key={each.name}
              aria-label={each.title}
              title={each.title}
              aria-current={index === place ? "step" : undefined}
              onClick={() => (ui.card.value = index)}
            />
          ))}
        </span>
        <button
          type="button"
          class="quiet"
          disabled={place === CARDS.length - 1}
          onClick={() => (ui.card.value = place + 1)}
        >
          <span>Next</span>
          <Icon name="right" />
        </button>
      </div>
    </aside>
  );
}
