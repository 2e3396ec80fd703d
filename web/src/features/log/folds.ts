import type { LogFold } from '../../api/types';

/** The folds of a log as they lie within each other, by what the index says of them. */
export class FoldTree {
  /** By first line; of two that begin on one line the outer one first. */
  readonly folds: readonly LogFold[];
  private readonly parents: Int32Array;
  private readonly depths: Uint16Array;
  private readonly places = new Map<LogFold, number>();

  constructor(folds: readonly LogFold[]) {
    const inOrder = folds.every(
      (fold, at) => at === 0 || (folds[at - 1]?.first ?? 0) <= fold.first,
    );
    this.folds = inOrder ? folds : [...folds].sort((a, b) => a.first - b.first);
    this.parents = new Int32Array(folds.length).fill(-1);
    this.depths = new Uint16Array(folds.length);
    const open: number[] = [];
    this.folds.forEach((fold, at) => {
      this.places.set(fold, at);
      while (open.length > 0 && this.endOf(open.at(-1) ?? 0) < fold.first) open.pop();
      this.parents[at] = open.at(-1) ?? -1;
      this.depths[at] = open.length;
      open.push(at);
    });
  }

  private endOf(at: number): number {
    return this.folds[at]?.last ?? Infinity;
  }

  /** How many folds a fold lies in. */
  depth(fold: LogFold): number {
    return this.depths[this.places.get(fold) ?? -1] ?? 0;
  }

  /** The folds that a line is in, outermost first; with its own, if it is a head. */
  around(line: number): LogFold[] {
    let low = 0;
    let high = this.folds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.folds[middle]?.first ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    const found: LogFold[] = [];
    for (let at = low - 1; at >= 0; at = this.parents[at] ?? -1) {
      const fold = this.folds[at];
      if (fold && this.endOf(at) >= line) found.push(fold);
    }
    return found.reverse();
  }

  /** The innermost fold that a line is in. */
  innermost(line: number): LogFold | undefined {
    return this.around(line).at(-1);
  }

  /** How many folds a line is in, its own not counted: so many guide lines stand beside it. */
  depthAt(line: number): number {
    return this.around(line).filter((fold) => fold.first < line).length;
  }
}
