// A canvas that is painted again whenever what it shows changes.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fit } from "./paint.ts";

/** A canvas that is as wide as its place, painted again whenever what it shows changes. */
export function Painted(props: {
  label: string;
  height?: number;
  square?: boolean;
  paint: (context: CanvasRenderingContext2D, width: number, height: number) => void;
  on: unknown[];
}): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(holder.current!);
    return () => observer.disconnect();
  }, []);
  const height = props.square ? Math.min(width, 340) : (props.height ?? 150);
  useEffect(() => {
    if (!canvas.current || width === 0) return;
    fit(canvas.current, width, height);
    const context = canvas.current.getContext("2d")!;
    const ratio = canvas.current.width / width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    props.paint(context, width, height);
  }, [width, height, ...props.on]);
  return (
    <div ref={holder} class="painted">
      <canvas ref={canvas} role="img" aria-label={props.label} />
    </div>
  );
}

/** What stands where a chart will be. */
export const Waiting = (): JSX.Element => <p class="note waiting">It comes with the next frame: press play or step.</p>;
