import type { LogFold, LogIndex, LogTime } from '../../api/types';
import type { Cleaner } from './clean';

export interface Marks {
  folds: readonly LogFold[];
  times: readonly LogTime[];
}

/**
 * Folds and times of a growing log: those of the index that the reading began with, and those that
 * the live end has brought since.
 */
export class MarkMerger {
  private readonly index: LogIndex;
  private readonly known: ReadonlySet<string>;
  private readonly lastKnown: number;
  private seen = -1;

  constructor(index: LogIndex) {
    this.index = index;
    this.known = new Set(index.folds.map((fold) => `${fold.name}@${fold.first}`));
    this.lastKnown = index.times.at(-1)?.line ?? -1;
  }

  /** Both lists anew, or nothing when no marker came since the last call. */
  merge(cleaner: Cleaner): Marks | null {
    if (cleaner.marks === this.seen) return null;
    this.seen = cleaner.marks;
    const fresh = cleaner.folds.filter((fold) => !this.known.has(`${fold.name}@${fold.first}`));
    // A fold that was open when the index was made is ended by a marker seen since.
    const before = this.index.folds.map((fold) => {
      const end = fold.last === null ? cleaner.ends.get(fold.name) : undefined;
      return end === undefined
        ? fold
        : { ...fold, last: end.last, duration_ns: fold.duration_ns ?? end.duration_ns };
    });
    return {
      folds: [...before, ...fresh.map((fold) => ({ ...fold }))],
      times: [...this.index.times, ...cleaner.times.filter((time) => time.line > this.lastKnown)],
    };
  }
}
