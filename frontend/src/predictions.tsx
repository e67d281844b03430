// What was said beside what is true: a confusion matrix for classes, a plane of points for numbers.
import type { JSX } from "preact";
import { LINES, diverging, inkOn } from "./colour.ts";
import { inUnits, percent } from "./format.ts";
import { Painted, Plane, Waiting } from "./painted.tsx";
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
                    color: share ? inkOn(ui.theme.value, value * 0.8) : "inherit",
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
  const dataset = store.dataset.value;
  const units = (value: number) => (dataset ? inUnits(dataset, value) : value);
  let [low, high] = [Infinity, -Infinity];
  for (let place = 0; place < data.length; place += 3) {
    low = Math.min(low, units(data[place]!), units(data[place + 1]!));
    high = Math.max(high, units(data[place]!), units(data[place + 1]!));
  }
  const planeOf = (width: number, height: number) => new Plane(width, height, [low, low], [high, high]);
  return (
    <>
      <Painted
        label="Predicted against true values"
        square
        on={[found, theme]}
        read={(x, y, width, height) => {
          const plane = planeOf(width, height);
          const place = plane.at(x, y);
          return place && `true ${plane.written(0, place[0])}, predicted ${plane.written(1, place[1])}`;
        }}
        paint={(context, width, height) => {
          const plane = planeOf(width, height);
          plane.axes(context, "true →", "predicted →");
          context.strokeStyle = getComputedStyle(context.canvas).color;
          context.globalAlpha = 0.5;
          context.beginPath();
          context.moveTo(plane.x(low), plane.y(low));
          context.lineTo(plane.x(high), plane.y(high));
          context.stroke();
          context.globalAlpha = 1;
          for (let place = 0; place < data.length; place += 3) {
            const validation = data[place + 2] === 1;
            context.beginPath();
            context.arc(plane.x(units(data[place]!)), plane.y(units(data[place + 1]!)), 2.4, 0, 2 * Math.PI);
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
          <i class="hollow" style={{ borderColor: LINES[theme].validation }} />
          validation
        </span>
      </p>
    </>
  );
}
