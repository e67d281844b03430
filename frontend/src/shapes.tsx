// Shapes of points, one for each class: colour is not all that tells classes apart.
import type { JSX } from "preact";
import { type Theme, classColour } from "./colour.ts";

type Corner = readonly [number, number];

const polygon = (corners: number, turn: number, reach: number): Corner[] =>
  Array.from({ length: corners }, (_, place) => {
    const angle = 2 * Math.PI * (turn + place / corners);
    return [reach * Math.sin(angle), -reach * Math.cos(angle)];
  });

/** Corners of shapes about as large as a circle of radius 1, which is the first: it has none. */
const SHAPES: readonly Corner[][] = [
  [],
  polygon(4, 1 / 8, 1.25),
  polygon(3, 0, 1.5),
  polygon(4, 0, 1.3),
  polygon(3, 1 / 2, 1.5),
];

/** The shape of a class; the circle for what is none, as where points are those of a regression. */
export const shapeOf = (index: number): readonly Corner[] =>
  SHAPES[Math.abs(Math.round(index || 0)) % SHAPES.length]!;

/** Begin a path around a point. */
export function trace(context: CanvasRenderingContext2D, shape: readonly Corner[], x: number, y: number, radius: number): void {
  context.beginPath();
  if (shape.length === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
  for (const [right, down] of shape) context.lineTo(x + radius * right, y + radius * down);
  context.closePath();
}

/** A class's shape in its colour, as beside its name. */
export function ClassMark({ index, theme }: { index: number; theme: Theme }): JSX.Element {
  const shape = shapeOf(index);
  return (
    <svg class="mark-of-class" viewBox="-1.5 -1.5 3 3" fill={classColour(theme, index)} aria-hidden="true">
      {shape.length === 0 ? <circle r="1.1" /> : <polygon points={shape.map((corner) => corner.join()).join(" ")} />}
    </svg>
  );
}
