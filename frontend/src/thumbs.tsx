// Small pictures of the data sources, for their buttons. They are icons: the points in them are no data.
import type { JSX } from "preact";

type Dot = [number, number, number];

const ring = (radius: number, count: number, kind: number): Dot[] =>
  Array.from({ length: count }, (_, place) => [
    Math.cos((2 * Math.PI * place) / count) * radius,
    Math.sin((2 * Math.PI * place) / count) * radius,
    kind,
  ]);

const grid = (kind: (x: number, y: number) => number): Dot[] =>
  Array.from({ length: 49 }, (_, place) => {
    const [x, y] = [(place % 7) / 3 - 1, Math.floor(place / 7) / 3 - 1];
    return [x * 0.9, y * 0.9, kind(x, y)];
  });

const spiral = (kind: number): Dot[] =>
  Array.from({ length: 22 }, (_, place) => {
    const t = (place + 1) / 22;
    const angle = t * 8.5 + kind * Math.PI;
    return [Math.sin(angle) * t * 0.95, Math.cos(angle) * t * 0.95, kind];
  });

const blob = (x: number, y: number, kind: number, count = 14): Dot[] =>
  Array.from({ length: count }, (_, place) => {
    const radius = 0.4 * Math.sqrt((place + 0.5) / count);
    return [x + radius * Math.cos(place * 2.4), y + radius * Math.sin(place * 2.4), kind];
  });

const DOTS: Record<string, Dot[]> = {
  circle: [...ring(0.9, 24, 0), ...ring(0.38, 10, 1), ...ring(0.12, 4, 1)],
  rings: [...ring(0.92, 24, 0), ...ring(0.56, 16, 1), ...ring(0.2, 7, 0)],
  xor: grid((x, y) => (Math.abs(x) < 0.1 || Math.abs(y) < 0.1 ? -1 : x * y > 0 ? 1 : 0)),
  gauss: [...blob(-0.48, -0.45, 0, 18), ...blob(0.48, 0.45, 1, 18)],
  spiral: [...spiral(0), ...spiral(1)],
  moons: [
    ...Array.from({ length: 16 }, (_, place): Dot => [
      -0.3 + 0.62 * Math.cos((Math.PI * place) / 15),
      0.62 * Math.sin((Math.PI * place) / 15) - 0.1,
      0,
    ]),
    ...Array.from({ length: 16 }, (_, place): Dot => [
      0.3 + 0.62 * Math.cos((Math.PI * place) / 15),
      0.1 - 0.62 * Math.sin((Math.PI * place) / 15),
      1,
    ]),
  ],
  checkerboard: grid((x, y) => (Math.floor((x + 1) * 1.9) + Math.floor((y + 1) * 1.9)) % 2),
  pinwheel: [0, 1, 2, 3].flatMap((arm) =>
    Array.from({ length: 11 }, (_, place): Dot => {
      const radius = 0.12 + (place / 10) * 0.8;
      const angle = (2 * Math.PI * arm) / 4 + radius * 1.3;
      return [radius * Math.cos(angle), radius * Math.sin(angle), arm];
    }),
  ),
  blobs: [
    [0, 0.62],
    [0.6, 0.12],
    [0.38, -0.6],
    [-0.38, -0.6],
    [-0.6, 0.12],
  ].flatMap(([x, y], kind) =>
    blob(x!, y!, kind, 9).map(([dx, dy, which]): Dot => [x! + (dx - x!) * 0.7, y! + (dy - y!) * 0.7, which]),
  ),
  plane: grid((x, y) => (x + y + 2) / 4),
  hills: grid((x, y) => 0.5 + 0.5 * Math.sin(2.6 * x) * Math.cos(2.6 * y)),
  waves: grid((x, y) => 0.5 + 0.5 * Math.sin(4 * x + 1.5 * y)),
};

export const hasThumb = (name: string): boolean => name in DOTS;

export function Thumb({ name, regression }: { name: string; regression: boolean }): JSX.Element {
  return (
    <svg viewBox="-1.15 -1.15 2.3 2.3" width="40" height="40" aria-hidden="true" class="thumb">
      {(DOTS[name] ?? [])
        .filter((dot) => dot[2] >= 0)
        .map(([x, y, kind], place) => (
          <circle
            key={place}
            cx={x}
            cy={-y}
            r={0.085}
            class={kind > 1 ? `class-${kind}` : kind >= 0.5 ? "blue" : "orange"}
            fill-opacity={regression ? 0.2 + 0.8 * Math.abs(2 * kind - 1) : 1}
          />
        ))}
    </svg>
  );
}
