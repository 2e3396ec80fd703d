import type { LogFold } from '../../api/types';

export const ROW = 20;
export const HEAD = 24;
/** Browsers draw nothing right beyond some height; what is longer is scaled into this. */
export const SPACER_MAX = 15_000_000;

interface Stretch {
  /** First line. */
  line: number;
  /** Lines shown, each `height` high. */
  count: number;
  height: number;
  /** Where it begins. */
  top: number;
  /** Index among rows of its first row. */
  row: number;
}

/**
 * Where each row of a log stands: two row heights known from the fold index, and what wrapped rows
 * are higher, as measured. Hidden lines have no place.
 */
export class Positions {
  private readonly stretches: Stretch[] = [];
  private readonly heads = new Map<number, LogFold>();
  private readonly extraLines: number[] = [];
  private readonly extraSums: number[] = [];
  readonly rows: number;
  readonly height: number;
  readonly lines: number;

  constructor(
    lines: number,
    folds: readonly LogFold[],
    isClosed: (fold: LogFold) => boolean,
    extras: ReadonlyMap<number, number> = new Map(),
  ) {
    this.lines = lines;
    let next = 0;
    let top = 0;
    let row = 0;
    const push = (line: number, count: number, height: number): void => {
      if (count <= 0) return;
      this.stretches.push({ line, count, height, top, row });
      top += count * height;
      row += count;
    };
    for (const fold of folds) {
      // A second fold that begins on the same line shares its row.
      if (fold.first < next || fold.first >= lines) continue;
      push(next, fold.first - next, ROW);
      push(fold.first, 1, HEAD);
      this.heads.set(fold.first, fold);
      next =
        isClosed(fold) && fold.last !== null ? Math.min(fold.last, lines - 1) + 1 : fold.first + 1;
    }
    push(next, lines - next, ROW);
    let sum = 0;
    for (const line of [...extras.keys()].sort((a, b) => a - b)) {
      if (line >= lines || this.rowOf(line) === null) continue;
      sum += extras.get(line) ?? 0;
      this.extraLines.push(line);
      this.extraSums.push(sum);
    }
    this.rows = row;
    this.height = top + sum;
  }

  /** The fold whose head stands at this line. */
  headAt(line: number): LogFold | undefined {
    return this.heads.get(line);
  }

  private stretchBy(value: number, key: 'line' | 'top' | 'row'): Stretch | undefined {
    let low = 0;
    let high = this.stretches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.stretches[middle]?.[key] ?? 0) <= value) low = middle;
      else high = middle - 1;
    }
    return this.stretches[low];
  }

  /** What wrapped rows before this line are higher, together. */
  private extraBefore(line: number): number {
    let low = 0;
    let high = this.extraLines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.extraLines[middle] ?? 0) < line) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.extraSums[low - 1] ?? 0);
  }

  /** The row of a line; nothing when it is folded away. */
  rowOf(line: number): number | null {
    const stretch = this.stretchBy(line, 'line');
    if (!stretch || line < stretch.line || line >= stretch.line + stretch.count) return null;
    return stretch.row + (line - stretch.line);
  }

  /** The line of a row. */
  lineOf(row: number): number {
    const stretch = this.stretchBy(Math.max(0, row), 'row');
    if (!stretch) return 0;
    return stretch.line + Math.min(stretch.count - 1, Math.max(0, row - stretch.row));
  }

  /** Where a line begins; a hidden one where its fold's head does. */
  topOf(line: number): number {
    const stretch = this.stretchBy(line, 'line');
    if (!stretch) return 0;
    const at = Math.min(Math.max(0, line - stretch.line), stretch.count - 1);
    return stretch.top + at * stretch.height + this.extraBefore(stretch.line + at);
  }

  /** The row at a height. */
  rowAt(y: number): number {
    let low = 0;
    let high = Math.max(0, this.rows - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.topOf(this.lineOf(middle)) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Scroll positions of a spacer that is not as high as what it stands for. */
export class Scale {
  readonly spacer: number;
  private readonly ratio: number;
  private readonly reach: number;

  constructor(height: number, view: number) {
    this.spacer = Math.min(height, SPACER_MAX);
    this.reach = Math.max(0, height - view);
    const real = Math.max(0, this.spacer - view);
    this.ratio = real > 0 ? this.reach / real : 1;
  }

  get scaled(): boolean {
    return this.ratio > 1.000_001;
  }

  /** From the browser's scroll position to the place in the log. */
  toLog(scrollTop: number): number {
    return Math.min(this.reach, Math.max(0, scrollTop * this.ratio));
  }

  toScroll(y: number): number {
    return Math.min(this.reach, Math.max(0, y)) / this.ratio;
  }

  clamp(y: number): number {
    return Math.min(this.reach, Math.max(0, y));
  }
}
