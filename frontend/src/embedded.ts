// Inputs that are embedded: each becomes several features before the first layer, drawn as one.

/** The first feature of each input, given how many features each becomes. */
export function starts(counts: readonly number[]): number[] {
  let at = 0;
  return counts.map((count) => (at += count) - count);
}

/**
 * How strong an input's features are together in each neuron: the length √Σw² of its weights, inputs by neurons.
 *
 * The signs of the features' weights say nothing of the input itself, so they have no part in it.
 */
export function together(weights: Float32Array, neurons: number, counts: readonly number[]): Float32Array {
  const sums = new Float32Array(counts.length * neurons);
  let at = 0;
  counts.forEach((count, input) => {
    for (const end = at + count * neurons; at < end; at++)
      sums[input * neurons + (at % neurons)]! += weights[at]! ** 2;
  });
  return sums.map(Math.sqrt);
}

/** Which input a feature belongs to. */
export function inputOf(counts: readonly number[], feature: number): number {
  let at = 0;
  return counts.findIndex((count) => feature < (at += count));
}
