// The page's few icons, drawn with the text's colour.
import type { JSX } from "preact";

const PATHS: Record<string, string> = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  reset: "M5 12a7 7 0 1 0 2.3-5.2M5 4v4.2h4.2",
  step: "M5 5v14l9-7zM16.5 5v14",
  undo: "M8 5 4 9l4 4M4 9h9a5 5 0 0 1 0 10h-3",
  redo: "m16 5 4 4-4 4M20 9h-9a5 5 0 0 0 0 10h3",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "m6 6 12 12M18 6 6 18",
  book: "M5 4.5h6a2 2 0 0 1 1 .8 2 2 0 0 1 1-.8h6v14h-6a2 2 0 0 0-1 .8 2 2 0 0 0-1-.8H5zM12 6v13",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1",
  save: "M12 4v11m-4.500-4L12 15.500 16.500 11M5 19.500h14",
  open: "M12 15.500V4.500M7.500 9 12 4.500 16.500 9M5 19.500h14",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  moon: "M19 14.500A7.500 7.500 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z",
  auto: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16z",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v8.500H6z",
  dice: "M5 5h14v14H5zM9 9h.010M15 15h.010M12 12h.010M15 9h.010M9 15h.010",
  left: "m14.500 5-7 7 7 7",
  right: "m9.500 5 7 7-7 7",
  keys: "M3.500 7h17v10h-17zM7 10.500h.010M10.300 10.500h.010M13.600 10.500h.010M17 10.500h.010M8 14h8",
};
const FILLED = new Set(["play", "pause"]);

export function Icon({ name }: { name: string }): JSX.Element {
  return (
    <svg
      class={`icon${FILLED.has(name) ? " filled" : ""}`}
      viewBox="0 0 24 24"
      width="20"
      height="20"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
