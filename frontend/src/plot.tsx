// A chart with axes, hover values and a legend: uPlot, in the page's colours.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { Theme } from "./colour.ts";
import { number, onAxis } from "./format.ts";
import { usePage } from "./ui.ts";

export interface Series {
  label: string;
  colour: string;
  dash?: number[];
  width?: number;
  paths?: uPlot.Series.PathBuilder;
  fill?: string;
  /** Points, and no line between them. */
  scattered?: boolean;
}

export interface Mark {
  at: number;
  text: string;
}

export interface PlotProps {
  label: string;
  series: Series[];
  data: (number | null)[][];
  log?: boolean;
  marks?: Mark[];
  height?: number;
  xLabel?: string;
  range?: [number, number];
}

const INK: Record<Theme, { text: string; grid: string; mark: string }> = {
  light: { text: "#5b6068", grid: "#e4e2dd", mark: "#8a8f98" },
  dark: { text: "#a3aab4", grid: "#2d333b", mark: "#7b838e" },
};

/** Axis values, apart by a step: 0.05, 250, 15k, 0.7082, 2e40. */
const short = (_: uPlot, values: number[], __: number, ___: number, step: number): string[] => {
  const most = Math.max(...values);
  const [unit, letter] = most >= 1e9 ? [1, ""] : most >= 1e6 ? [1e6, "M"] : most >= 1e4 ? [1e3, "k"] : [1, ""];
  return values.map((value) =>
    value === null ? "" : value === 0 ? "0" : `${onAxis(value / unit, step / unit)}${letter}`,
  );
};

/** How far axis values may be apart: also where a loss is that diverges, which is beyond uPlot's own steps. */
const APART = Array.from({ length: 320 }, (_, place) => place - 16).flatMap((exponent) =>
  [1, 2, 2.5, 5].map((factor) => Number(`${factor}e${exponent}`)),
);

/** Epochs from the first to the last; at least ten, so that the first alone has a place. */
const epochs = (plot: uPlot): [number, number] => {
  const told = plot.data[0];
  const first = told[0] ?? 0;
  return [first, Math.max(told[told.length - 1] ?? 0, first + 10)];
};

/** How a series' line looks, in the words of style sheets. */
const lineOf = (series?: Series): string => (series?.scattered ? "dotted" : series?.dash ? "dashed" : "solid");

/** Lines that many series have by turns: colour is not all that tells them apart. */
const DASHES: (number[] | undefined)[] = [undefined, [8, 3], [4, 3], [10, 3, 3, 3]];
export const dashOf = (place: number): number[] | undefined => DASHES[place % DASHES.length];

const MARK_ROWS = 3;

/** Vertical lines where a setting was changed while the run went on; the latest find room for their words first. */
function marksPlugin(marks: () => Mark[], theme: Theme, scale: number): uPlot.Plugin {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        const pixel = devicePixelRatio * scale;
        const right = bbox.left + bbox.width;
        const rows: [number, number][][] = Array.from({ length: MARK_ROWS }, () => []);
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = INK[theme].mark;
        ctx.lineWidth = pixel;
        ctx.font = `${10 * pixel}px system-ui, sans-serif`;
        ctx.textAlign = "left";
        ctx.setLineDash([3 * pixel, 3 * pixel]);
        for (const { at, text } of marks().toReversed()) {
          const x = plot.valToPos(at, "x", true);
          if (x < bbox.left || x > right) continue;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          const width = ctx.measureText(text).width + 8 * pixel;
          const from = x + width > right ? x - width : x;
          const row = rows.findIndex((taken) => taken.every(([low, high]) => from + width < low || from > high));
          if (row < 0) continue;
          rows[row]!.push([from, from + width]);
          ctx.fillText(text, from + 4 * pixel, bbox.top + (10 + 12 * row) * pixel);
        }
        ctx.restore();
      },
    },
  };
}

export function Plot(props: PlotProps): JSX.Element {
  const { ui } = usePage();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marks = useRef<Mark[]>([]);
  const [width, setWidth] = useState(0);
  marks.current = props.marks ?? [];
  const theme = ui.theme.value;
  const scale = ui.scale.value;
  const height = Math.round((props.height ?? 150) * scale);
  const shape = JSON.stringify([props.series, props.log, theme, width > 0, props.range, scale]);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(holder.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!width) return;
    const axis = {
      stroke: INK[theme].text,
      grid: { stroke: INK[theme].grid, width: 1 },
      ticks: { show: false },
      font: `${11 * scale}px system-ui, sans-serif`,
    };
    plot.current = new uPlot(
      {
        width,
        height,
        padding: [8, 14, 0, 0],
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        legend: { live: true, markers: { dash: (_, place) => lineOf(props.series[place - 1]) } },
        scales: {
          x: { time: false, ...(props.xLabel ? {} : { range: epochs }) },
          y: { distr: props.log ? 3 : 1, ...(props.range ? { range: props.range } : {}) },
        },
        axes: [
          { ...axis, size: 26 * scale, values: short },
          { ...axis, size: 54 * scale, values: short, incrs: APART },
        ],
        series: [
          { label: props.xLabel ?? "epoch", value: (_, value) => (value === null ? "–" : number(value)) },
          ...props.series.map((each): uPlot.Series => ({
            label: each.label,
            stroke: each.colour,
            width: each.width ?? 1.8,
            dash: each.dash,
            fill: each.fill,
            points: {
              show: (plot) => each.scattered || plot.data[0].length <= 2,
              size: each.scattered ? 3.5 : 6,
              fill: each.colour,
            },
            paths: each.scattered ? () => null : each.paths,
            spanGaps: true,
            value: (_, value) => (value === null ? "–" : number(value)),
          })),
        ],
        plugins: [marksPlugin(() => marks.current, theme, scale)],
      },
      props.data as uPlot.AlignedData,
      holder.current!,
    );
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    if (plot.current && width) plot.current.setSize({ width, height });
  }, [width, height]);
  useEffect(() => {
    plot.current?.setData(props.data as uPlot.AlignedData);
  }, [props.data, props.marks]);
  return <div class="plot" ref={holder} role="img" aria-label={props.label} />;
}
