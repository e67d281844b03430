// A canvas that is painted again whenever what it shows changes.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { onAxis } from "./format.ts";
import { fit } from "./paint.ts";
import { usePage } from "./ui.ts";

/** What is said of a place, beside it, on the side that has more room. */
export function Tip({ at, width, text }: { at: readonly [number, number]; width: number; text: string }): JSX.Element {
  const isRight = at[0] > width / 2;
  return (
    <span
      class="tip"
      style={{
        left: isRight ? "auto" : `${at[0] + 12}px`,
        right: isRight ? `${width - at[0] + 12}px` : "auto",
        top: `${Math.max(2, at[1] - 30)}px`,
      }}
    >
      {text}
    </span>
  );
}

/** A canvas that is as wide as its place, painted again whenever what it shows changes; on large screens, larger. */
export function Painted(props: {
  label: string;
  height?: number;
  square?: boolean;
  paint: (context: CanvasRenderingContext2D, width: number, height: number) => void;
  on: unknown[];
  /** What is said of a place under the pointer. */
  read?: (x: number, y: number, width: number, height: number) => string | null;
}): JSX.Element {
  const { ui } = usePage();
  const [at, setAt] = useState<[number, number] | null>(null);
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(holder.current!);
    return () => observer.disconnect();
  }, []);
  const scale = ui.scale.value;
  const height = props.square ? Math.min(width, 340 * scale) : (props.height ?? 150) * scale;
  useEffect(() => {
    if (!canvas.current || width === 0) return;
    fit(canvas.current, width, height);
    const context = canvas.current.getContext("2d")!;
    const ratio = (canvas.current.width / width) * scale;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width / scale, height / scale);
    props.paint(context, width / scale, height / scale);
  }, [width, height, scale, ...props.on]);
  const text = at && props.read?.(at[0] / scale, at[1] / scale, width / scale, height / scale);
  return (
    <div
      ref={holder}
      class="painted"
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        if (props.read) setAt([event.clientX - box.left, event.clientY - box.top]);
      }}
      onPointerLeave={() => setAt(null)}
    >
      <canvas ref={canvas} role="img" aria-label={props.label} />
      {text && at && <Tip at={at} width={width} text={text} />}
    </div>
  );
}

const MARGIN = { left: 46, right: 10, top: 6, bottom: 34 };

/** The plane within a canvas that two axes from low to high span. */
export class Plane {
  readonly left = MARGIN.left;
  readonly top = MARGIN.top;
  readonly width: number;
  readonly height: number;

  constructor(
    width: number,
    height: number,
    readonly low: readonly [number, number],
    readonly high: readonly [number, number],
  ) {
    this.width = width - MARGIN.left - MARGIN.right;
    this.height = height - MARGIN.top - MARGIN.bottom;
  }

  private span(axis: 0 | 1): number {
    return this.high[axis] - this.low[axis] || 1;
  }

  x(value: number): number {
    return this.left + ((value - this.low[0]) / this.span(0)) * this.width;
  }

  y(value: number): number {
    return this.top + (1 - (value - this.low[1]) / this.span(1)) * this.height;
  }

  /** The values at a place of the canvas; null beside the plane. */
  at(x: number, y: number): [number, number] | null {
    const [across, up] = [(x - this.left) / this.width, 1 - (y - this.top) / this.height];
    if (across < 0 || across > 1 || up < 0 || up > 1) return null;
    return [this.low[0] + across * this.span(0), this.low[1] + up * this.span(1)];
  }

  /** A value as it is written on an axis. */
  written(axis: 0 | 1, value: number): string {
    return onAxis(value, this.span(axis));
  }

  /** Three values on each axis, and what it is. */
  axes(context: CanvasRenderingContext2D, across: string, up: string): void {
    context.save();
    context.fillStyle = getComputedStyle(context.canvas).color;
    context.font = "11px system-ui, sans-serif";
    for (const share of [0, 0.5, 1]) {
      const [x, y] = [this.low[0] + share * this.span(0), this.low[1] + share * this.span(1)];
      context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
      context.fillText(this.written(0, x), this.x(x), this.top + this.height + 14);
      context.textAlign = "right";
      context.fillText(this.written(1, y), this.left - 4, this.y(y) + (share === 0 ? 0 : share === 1 ? 9 : 4));
    }
    context.textAlign = "center";
    context.fillText(across, this.left + this.width / 2, this.top + this.height + 28);
    context.translate(10, this.top + this.height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(up, 0, 0);
    context.restore();
  }
}

/** What stands where a chart will be. */
export const Waiting = (): JSX.Element => <p class="note waiting">It comes with the next frame: press play or step.</p>;
