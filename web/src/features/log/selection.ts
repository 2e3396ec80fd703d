/** Lines chosen, counted from 1 as the reader sees them, both included. */
export interface Range {
  from: number;
  to: number;
}

/** `#L317`, `#L317-L320`. */
export function parseHash(hash: string): Range | null {
  const match = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  if (!match) return null;
  const a = Number(match[1]);
  const b = match[2] === undefined ? a : Number(match[2]);
  if (a < 1 || b < 1) return null;
  return { from: Math.min(a, b), to: Math.max(a, b) };
}

export function toHash(range: Range | null): string {
  if (!range) return '';
  return range.from === range.to ? `#L${range.from}` : `#L${range.from}-L${range.to}`;
}

/** `Line 317`, `Lines 317–320`. */
export function rangeWords(range: Range): string {
  return range.from === range.to ? `Line ${range.from}` : `Lines ${range.from}–${range.to}`;
}

/** The address that opens a log where it fails, for links from elsewhere. */
export const FIRST_FAILURE = '#first-failure';

export function wantsFailure(hash: string): boolean {
  return hash === FIRST_FAILURE;
}

/**
 * A range made longer or shorter to `number`: the end of it that the cursor is not at stays.
 */
export function extended(range: Range, cursor: number, number: number): Range {
  const anchor = cursor === range.from ? range.to : cursor === range.to ? range.from : range.from;
  return { from: Math.min(anchor, number), to: Math.max(anchor, number) };
}
