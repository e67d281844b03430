// Where each neuron of the drawing stands.

export interface Place {
  layer: number;
  neuron: number;
  x: number;
  y: number;
}

export interface ColumnPlace {
  /** −1 for the inputs, then as in the engine: 0 the first hidden layer, the last the outputs. */
  layer: number;
  width: number;
  x: number;
  size: number;
  places: Place[];
  /** Neurons that are not drawn one by one. */
  more: number;
}

export interface Drawing {
  width: number;
  height: number;
  /** From one column to the next. */
  spread: number;
  columns: ColumnPlace[];
}

export const MOST_LAYERS = 12;
export const MOST_NEURONS = 64;
export const COLUMN_LEAST = 46;
/** Neurons that are drawn of a layer with more than MOST_NEURONS. */
export const IN_SUMMARY = 16;
const LARGEST = 80;
const SMALLEST = 3;

/**
 * Places for a network: columns evenly spread between margins, each as large as its height allows; on a large screen,
 * of a larger scale, up to larger ones.
 *
 * Of a wider layer, or a deeper network, than is drawn, the first neurons and layers are.
 */
export function drawing(widths: readonly number[], width: number, height: number, margin = 0, scale = 1): Drawing {
  const count = Math.min(widths.length, MOST_LAYERS + 2);
  const last = widths.length - 1;
  const needed = Math.max(width, count * COLUMN_LEAST + 2 * margin);
  const spread = (needed - 2 * margin) / count;
  const columns = Array.from({ length: count }, (_, place): ColumnPlace => {
    const index = place === count - 1 ? last : place;
    const all = widths[index]!;
    const drawn = all > MOST_NEURONS ? IN_SUMMARY : all;
    const room = all > drawn ? height - 16 : height;
    const widest = Math.min(Math.round(LARGEST * scale), Math.floor(spread * 0.5));
    const pitch = Math.min(room / drawn, widest * 1.34);
    const size = Math.max(SMALLEST, Math.min(widest, Math.floor(pitch * (pitch > 24 ? 0.75 : 0.86))));
    const x = margin + spread * (place + 0.5);
    const top = (room - pitch * drawn) / 2;
    const places = Array.from({ length: drawn }, (_, neuron) => ({
      layer: index - 1,
      neuron,
      x,
      y: top + pitch * (neuron + 0.5),
    }));
    return { layer: index - 1, width: all, x, size, places, more: all - drawn };
  });
  return { width: needed, height, spread, columns };
}

/** Where a link, which leaves and arrives horizontally, is at a share of its width: the share of its height. */
export function curveAt(share: number): number {
  let low = 0;
  let high = 1;
  for (let round = 0; round < 20; round++) {
    const t = (low + high) / 2;
    if (1.5 * t * (1 - t) + t ** 3 < share) low = t;
    else high = t;
  }
  const t = (low + high) / 2;
  return 3 * t * t - 2 * t ** 3;
}

export interface LinkPlace {
  layer: number;
  from: number;
  to: number;
}

/** Where a neuron's bias is drawn, beside its map; null where there is no room. */
export function biasPlace(place: Place, size: number): { x: number; y: number; radius: number } | null {
  if (place.layer < 0 || size < 14) return null;
  const radius = Math.min(5, size / 7);
  return { x: place.x - size / 2 - radius - 1, y: place.y + size / 2 - radius, radius };
}

/** The neuron whose bias is drawn at a point, if one is within reach. */
export function biasAt(plan: Drawing, x: number, y: number, reach = 3): Place | null {
  for (const column of plan.columns)
    for (const place of column.places) {
      const bias = biasPlace(place, column.size);
      if (bias && Math.hypot(bias.x - x, bias.y - y) <= bias.radius + reach) return place;
    }
  return null;
}

/** The link nearest to a point, if one is within reach. */
export function linkAt(plan: Drawing, x: number, y: number, reach = 7): LinkPlace | null {
  for (let place = 1; place < plan.columns.length; place++) {
    const left = plan.columns[place - 1]!;
    const right = plan.columns[place]!;
    if (right.layer !== left.layer + 1) continue;
    const start = left.x + left.size / 2;
    const end = right.x - right.size / 2;
    if (x <= start || x >= end) continue;
    const rise = curveAt((x - start) / (end - start));
    let best: LinkPlace | null = null;
    let nearest = reach;
    for (const from of left.places)
      for (const to of right.places) {
        const distance = Math.abs(from.y + (to.y - from.y) * rise - y);
        if (distance >= nearest) continue;
        nearest = distance;
        best = { layer: right.layer, from: from.neuron, to: to.neuron };
      }
    return best;
  }
  return null;
}

/** The largest values' places among many, so that only so many links are drawn. */
export function strongest(values: Float32Array, most: number): Uint32Array | null {
  if (values.length <= most) return null;
  const sample = Float32Array.from(values, Math.abs).sort();
  const least = sample[sample.length - most]!;
  const found: number[] = [];
  for (let place = 0; place < values.length && found.length < most; place++)
    if (Math.abs(values[place]!) >= least) found.push(place);
  return Uint32Array.from(found);
}
