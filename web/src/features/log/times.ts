import type { LogTime } from '../../api/types';
import { clockTime, duration, exactDuration } from '../../lib/time';

/** What the column of times tells; a click on it goes on to the next. */
export const TIME_KINDS = ['start', 'clock', 'previous'] as const;
export type TimeKind = (typeof TIME_KINDS)[number];

export const TIME_WORDS: Record<TimeKind, string> = {
  start: "Since the job's start",
  clock: 'Time of day',
  previous: 'Since the time before',
};

export const nextKind = (kind: TimeKind): TimeKind =>
  TIME_KINDS[(TIME_KINDS.indexOf(kind) + 1) % TIME_KINDS.length] ?? 'start';

/** The times of a log's lines. Lines without one of their own have none. */
export class TimeColumn {
  private readonly byLine = new Map<number, { time: LogTime; before: number | null }>();

  constructor(times: readonly LogTime[]) {
    let before: number | null = null;
    for (const time of times) {
      // Of two on one line the first is the line's.
      if (this.byLine.has(time.line)) continue;
      this.byLine.set(time.line, { time, before });
      before = time.start_ns ?? before;
    }
  }

  /** How long what the line begins took, in nanoseconds. */
  took(line: number): number | null {
    return this.byLine.get(line)?.time.duration_ns ?? null;
  }

  /** What stands in the column; `started` is the job's start in milliseconds. */
  text(line: number, kind: TimeKind, started: number | null): string | null {
    const entry = this.byLine.get(line);
    const at = entry?.time.start_ns;
    if (!at) return null;
    if (kind === 'previous') {
      return `+${exactDuration(entry.before === null ? 0 : Math.max(0, at - entry.before))}`;
    }
    if (kind === 'clock' || started === null) return clockTime(at / 1e6, true);
    return exactDuration(Math.max(0, at - started * 1e6));
  }
}

/** What is said of a job that has printed nothing for a minute or more; else nothing. */
export function silenceWords(heardAt: number, now: number): string {
  if (heardAt <= 0 || now - heardAt < 60_000) return '';
  const minutes = Math.floor((now - heardAt) / 60_000);
  return `no output for ${duration(minutes * 60)}`;
}
