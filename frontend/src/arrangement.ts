// Where the networks of the wall stand: a table of two settings, the third in blocks beside and below each other.

export interface Arrangement {
  /** Which setting goes across, down, and from block to block; −1: there is none. */
  axes: { column: number; row: number; block: number };
  columns: string[];
  rows: string[];
  blocks: string[];
  /** Blocks that stand side by side. */
  beside: number;
  /** Grid lines of each block's first network, counted from 1: two lines of names are above, one is beside. */
  corners: Corner[];
  /** Grid lines of each network. */
  places: Corner[];
}

/** Columns that would fit in between two blocks. */
const BETWEEN = 1 / 3;

interface Corner {
  row: number;
  column: number;
}

/**
 * Arrange networks by their values of each setting, the last of which has most, where there is room for so many columns.
 *
 * The last setting goes across, or, where that is too wide, down. Blocks stand side by side, as many as there is room
 * for, the others below, each line of them with its names above it.
 */
export function arrangement(values: string[][], room: number): Arrangement {
  const last = (values[0]?.length ?? 0) - 1;
  const of = (axis: number): string[] => (axis < 0 ? [""] : [...new Set(values.map((each) => each[axis]!))]);
  const ways = [
    { column: last, row: last - 1, block: last - 2 },
    { column: last - 1, row: last, block: last - 2 },
    { column: last - 2, row: last, block: last - 1 },
  ].filter((way) => way.column >= 0);
  const axes = ways.find((way) => of(way.column).length <= room) ?? ways[ways.length - 1]!;
  const [columns, rows, blocks] = [of(axes.column), of(axes.row), of(axes.block)];
  const beside = Math.min(blocks.length, Math.max(1, Math.floor((room + BETWEEN) / (columns.length + BETWEEN))));
  const named = beside < blocks.length ? 1 : 0;
  const corners = blocks.map((_, block) => ({
    row: 3 + named + Math.floor(block / beside) * (rows.length + 1),
    column: 2 + (block % beside) * (columns.length + 1),
  }));
  const places = values.map((each) => {
    const at = (all: string[], axis: number) => (axis < 0 ? 0 : all.indexOf(each[axis]!));
    const { row, column } = corners[at(blocks, axes.block)]!;
    return { row: row + at(rows, axes.row), column: column + at(columns, axes.column) };
  });
  return { axes, columns, rows, blocks, beside, corners, places };
}
