/** Where cards lie on the board: in columns, each next one where there is room highest up; pure. */

export interface Place {
  x: number;
  y: number;
}

export interface Packed {
  places: Place[];
  /** Width of every card. */
  width: number;
  /** Height of the whole board. */
  height: number;
}

/** How many columns of at least `least` fit, and how wide they then are. */
export function columnsOf(width: number, least: number, gap: number): { count: number; width: number } {
  const count = Math.max(1, Math.floor((width + gap) / (least + gap)));
  return { count, width: Math.max(1, Math.floor((width - gap * (count - 1)) / count)) };
}

/**
 * The first row is the first cards in their order, and every later one takes the column that ends
 * highest up, the leftmost of equals: the oldest is always at the top left, and no ticket is cut.
 */
export function pack(heights: readonly number[], board: number, least: number, gap: number): Packed {
  const { count, width } = columnsOf(board, least, gap);
  const ends = new Array<number>(count).fill(0);
  const places = heights.map((height) => {
    const column = ends.indexOf(Math.min(...ends));
    const place = { x: column * (width + gap), y: ends[column]! };
    ends[column] = place.y + height + gap;
    return place;
  });
  return { places, width, height: Math.max(0, Math.max(...ends) - gap) };
}
