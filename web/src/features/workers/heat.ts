/** How a worker's hours are laid out: a row a day, a column an hour of the reader's clock. Pure. */

const HOUR = 3_600_000;

export interface HeatHour {
  /** Begin of the hour, in milliseconds since 1970. */
  at: number;
  /** Seconds that jobs ran in it, of all slots together. */
  seconds: number;
  /** 0 (none) to 4 (the busiest). */
  level: number;
  /** It lies ahead, or before the worker was there. */
  outside: boolean;
}

export interface HeatDay {
  /** `Mon 23 Nov`. */
  name: string;
  hours: HeatHour[];
  seconds: number;
}

/** 0 for nothing, then four steps up to the busiest hour. */
export function levelOf(seconds: number, most: number): number {
  if (seconds <= 0 || most <= 0) return 0;
  return Math.min(4, Math.max(1, Math.ceil((4 * seconds) / most)));
}

/**
 * The last `days` days up to today. `busy` holds begin and seconds of hours; hours that the clock
 * skips or repeats when summer begins or ends fall into the place that the clock shows.
 */
export function heatDays(
  busy: readonly { at: number; seconds: number }[],
  now: number,
  days = 14,
  since = 0,
): HeatDay[] {
  const key = (ms: number): string => {
    const date = new Date(ms);
    return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}-${date.getHours()}`;
  };
  const sums = new Map<string, number>();
  for (const { at, seconds } of busy) {
    const hour = key(at);
    sums.set(hour, (sums.get(hour) ?? 0) + seconds);
  }
  const today = new Date(now);
  const rows: HeatDay[] = [];
  for (let back = days - 1; back >= 0; back--) {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - back);
    const hours: HeatHour[] = Array.from({ length: 24 }, (_, hour) => {
      const at = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour).getTime();
      const seconds = sums.get(key(at)) ?? 0;
      return { at, seconds, level: 0, outside: at > now || at + HOUR <= since };
    });
    const name = day.toLocaleDateString('en-GB', {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
    });
    rows.push({ name, hours, seconds: hours.reduce((sum, hour) => sum + hour.seconds, 0) });
  }
  const most = Math.max(0, ...rows.flatMap((row) => row.hours.map((hour) => hour.seconds)));
  for (const row of rows) {
    for (const hour of row.hours) hour.level = levelOf(hour.seconds, most);
  }
  return rows;
}
