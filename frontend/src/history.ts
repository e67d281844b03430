// What a run has gone through, a row a recorded epoch, in bounded memory: when full, only half as many stay, evenly spread.

export const COLUMNS = [
  "epoch",
  "train",
  "validation",
  "penalised",
  "train_score",
  "validation_score",
  "learning_rate",
  "step",
  "batches",
] as const;
export type Column = (typeof COLUMNS)[number];

export class History {
  readonly rows: number[][] = [];
  private changes = 0;

  constructor(private readonly most = 4000) {}

  /** Grows with each change; what draws can tell whether there is something new. */
  get version(): number {
    return this.changes;
  }

  clear(): void {
    this.rows.length = 0;
    this.changes++;
  }

  /** Take over rows, flat, of so many columns; rows that go back in time replace what came after them. */
  add(flat: ArrayLike<number>, columns: number): void {
    for (let start = 0; start + columns <= flat.length; start += columns) {
      const row = Array.from({ length: columns }, (_, column) => flat[start + column]!);
      while (this.rows.length && this.rows[this.rows.length - 1]![0]! >= row[0]!) this.rows.pop();
      this.rows.push(row);
    }
    if (this.rows.length > this.most) this.thin();
    this.changes++;
  }

  /** Forget what came after an epoch. */
  cut(epoch: number): void {
    while (this.rows.length && this.rows[this.rows.length - 1]![0]! > epoch) this.rows.pop();
    this.changes++;
  }

  column(name: Column): (number | null)[] {
    const place = COLUMNS.indexOf(name);
    return this.rows.map((row) => (Number.isFinite(row[place]) ? row[place]! : null));
  }

  private thin(): void {
    this.rows.splice(
      0,
      this.rows.length,
      ...thinned(
        this.rows,
        (row) => row[0]!,
        this.most / 2,
        (row) => !Number.isNaN(row[1]),
      ),
    );
  }
}

/** At most so many of many items, evenly spread over the epochs; where several lie close, one that is preferred. */
export function thinned<T>(
  items: T[],
  epochOf: (item: T) => number,
  most: number,
  prefer: (item: T) => boolean = () => true,
): T[] {
  const first = epochOf(items[0]!);
  const width = (epochOf(items[items.length - 1]!) - first) / Math.max(most - 1, 1);
  const kept: T[] = [];
  let bucket = -1;
  items.forEach((item, place) => {
    const own = width > 0 ? Math.floor((epochOf(item) - first) / width) : place;
    const last = place === items.length - 1;
    if (own !== bucket) kept.push(item);
    else if (last || (prefer(item) && !prefer(kept[kept.length - 1]!) && kept.length > 1)) kept[kept.length - 1] = item;
    bucket = own;
  });
  return kept;
}
