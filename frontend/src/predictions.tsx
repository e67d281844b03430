// What was said beside what is true: a confusion matrix for classes, a plane of points for numbers.
import type { JSX } from "preact";
import { LINES, diverging } from "./colour.ts";
import { number, percent } from "./format.ts";
import { Painted, Waiting } from "./painted.tsx";
import { usePage } from "./ui.ts";
import type { NumberArray } from "./wire.ts";

export function Confusion(): JSX.Element {
  const { store } = usePage();
  void store.rare.value;
  const found = store.live.charts?.arrays;
  if (!found?.confusion_train) return <Waiting />;
  return (
    <div class="stack">
      <Matrix title="Training rows" matrix={found.confusion_train} />
      {found.confusion_validation && <Matrix title="Validation rows" matrix={found.confusion_validation} />}
    </div>
  );
}

function Matrix({ title, matrix }: { title: string; matrix: NumberArray }): JSX.Element {
  const { store, ui } = usePage();
  const classes = store.dataset.value?.classes ?? [];
  const size = matrix.shape[0]!;
  const at = (row: number, column: number) => matrix.data[row * size + column] ?? 0;
  const total = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => at(row, column)).reduce((a, b) => a + b, 0),
  );
  const right = Array.from({ length: size }, (_, row) => at(row, row)).reduce((a, b) => a + b, 0);
  const all = total.reduce((a, b) => a + b, 0);
  return (
    <table class={`matrix${size > 5 ? " small" : ""}`}>
      <caption>
        {title}: {all ? percent(right / all) : "–"} right
      </caption>
      <thead>
        <tr>
          <th scope="col">true ↓ said →</th>
          {classes.map((label) => (
            <th scope="col" key={label}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {classes.map((label, row) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {classes.map((_, column) => {
              const share = total[row] ? at(row, column) / total[row]! : 0;
              const value = (row === column ? 1 : -1) * share;
              return (
                <td
                  key={column}
                  style={{
                    background: share ? diverging(ui.theme.value, value * 0.8) : "transparent",
                    color: share > 0.62 ? (ui.theme.value === "dark" ? "#0d0f12" : "#fff") : "inherit",
                  }}
                >
                  {at(row, column)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Predicted(): JSX.Element {
  const { store, ui } = usePage();
  void store.rare.value;
  const found = store.live.charts?.arrays.predicted;
  const theme = ui.theme.value;
  if (!found) return <Waiting />;
  const { data } = found;
  let [low, high] = [Infinity, -Infinity];
  for (let place = 0; place < data.length; place += 3) {
    low = Math.min(low, data[place]!, data[place + 1]!);
    high = Math.max(high, data[place]!, data[place + 1]!);
  }
  return (
    <>
      <Painted
        label="Predicted against true values"
        square
        on={[found, theme]}
        paint={(context, width, height) => {
          const margin = 34;
          const at = (value: number, length: number) =>
            margin + ((value - low) / (high - low || 1)) * (length - margin - 8);
          const ink = getComputedStyle(context.canvas).color;
          context.strokeStyle = ink;
          context.fillStyle = ink;
          context.globalAlpha = 0.5;
          context.beginPath();
          context.moveTo(at(low, width), height - at(low, height));
          context.lineTo(at(high, width), height - at(high, height));
          context.stroke();
          context.globalAlpha = 1;
          context.font = "11px system-ui, sans-serif";
          context.fillText(`true → ${number(low, 3)} … ${number(high, 3)}`, margin, height - 6);
          context.save();
          context.translate(12, height - margin);
          context.rotate(-Math.PI / 2);
          context.fillText("predicted →", 0, 0);
          context.restore();
          for (let place = 0; place < data.length; place += 3) {
            const validation = data[place + 2] === 1;
            context.beginPath();
            context.arc(at(data[place]!, width), height - at(data[place + 1]!, height), 2.4, 0, 2 * Math.PI);
            context.fillStyle = context.strokeStyle = validation ? LINES[theme].validation : LINES[theme].train;
            if (validation) context.stroke();
            else context.fill();
          }
        }}
      />
      <p class="legend">
        <span class="key">
          <i style={{ background: LINES[theme].train }} />
          training
        </span>
        <span class="key">
          <i style={{ background: LINES[theme].validation }} />
          validation
        </span>
      </p>
    </>
  );
}
