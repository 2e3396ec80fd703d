/** Times and durations in words. All pure: `now` comes in as milliseconds since 1970. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.4 s`, `48 s`, `2 min 8 s`, `1 h 4 min`. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s > 0 && s < 9.95) return `${s % 1 === 0 ? s : s < 0.095 ? s.toFixed(2) : s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** A fold's or command's time: `0.02 s`, `3.12 s`, `2 min 8 s`. */
export function exactDuration(nanoseconds: number): string {
  const s = nanoseconds / 1e9;
  return s < 60 ? `${s.toFixed(2)} s` : duration(s);
}

/** A guess: `about 7 min`, `about 30 s`. */
export function about(seconds: number): string {
  if (seconds < 10) return `about ${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 55) return `about ${Math.round(seconds / 5) * 5} s`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `about ${minutes} min`;
  return `about ${duration(Math.round(seconds / 600) * 600)}`;
}

/** Milliseconds since 1970 of a wire time, or nothing. */
export function at(time: string | null | undefined): number | null {
  if (!time) return null;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? null : ms;
}

/** Whole seconds between two wire times; up to `now` while the second is missing. */
export function secondsBetween(
  from: string | null | undefined,
  to: string | null | undefined,
  now: number,
): number | null {
  const start = at(from);
  if (start === null) return null;
  return Math.max(0, ((at(to) ?? now) - start) / SECOND);
}

/** `just now`, `41 s ago`, `2 min ago`, `3 h ago`, `yesterday`, `6 days ago`, `12 Feb 2027`. */
export function ago(time: string | null | undefined, now: number, locale?: string): string {
  const then = at(time);
  if (then === null) return '';
  const past = now - then;
  if (past < 10 * SECOND) return 'just now';
  if (past < MINUTE) return `${Math.floor(past / SECOND)} s ago`;
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min ago`;
  const days = daysBetween(then, now);
  if (past < 12 * HOUR || days === 0) return `${Math.floor(past / HOUR)} h ago`;
  if (days === 1) return 'yesterday';
  if (days < 14) return `${days} days ago`;
  if (days < 29) return `${Math.floor(days / 7)} weeks ago`;
  return new Date(then).toLocaleDateString(locale ?? 'en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  });
}

function daysBetween(then: number, now: number): number {
  const midnight = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(then)) / DAY);
}

/** `14:02`, or with seconds `14:02:11`. */
export function clockTime(time: string | number | null | undefined, seconds = false): string {
  const then = typeof time === 'number' ? time : at(time);
  if (then === null) return '';
  const date = new Date(then);
  const two = (n: number): string => String(n).padStart(2, '0');
  const text = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return seconds ? `${text}:${two(date.getSeconds())}` : text;
}

/** The clock for today, the relative word for what lies further back. */
export function startOrDay(time: string | null | undefined, now: number): string {
  const then = at(time);
  if (then === null) return '';
  return daysBetween(then, now) === 0 ? clockTime(then) : ago(time, now);
}

/** The whole time with its zone, for a tip. */
export function exactTime(time: string | null | undefined): string {
  const then = at(time);
  if (then === null) return '';
  return new Date(then).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'long' });
}

/** `in 5 min`, `in 2 h`: how long something still holds. */
export function until(time: string | null | undefined, now: number): string {
  const then = at(time);
  if (then === null) return '';
  const left = (then - now) / SECOND;
  if (left <= 0) return 'over';
  if (left < 60) return `${Math.ceil(left)} s`;
  if (left < 3600) return `${Math.ceil(left / 60)} min`;
  if (left < 172_800) return `${Math.round(left / 3600)} h`;
  return `${Math.round(left / 86_400)} days`;
}

/** `84 kB`, `1.2 MB`, `16 GB`: powers of 1000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 || value >= 10 ? String(Math.round(value)) : value.toFixed(1);
  return `${text.replace(/\.0$/, '')} ${units[unit]}`;
}

/** `1,284`. */
export function count(n: number): string {
  // Asking the browser for it costs a page 5 ms before it is seen: the first number loads a language.
  const [whole = '', rest] = String(Math.round(n * 1000) / 1000).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (rest === undefined ? '' : `.${rest}`);
}

/** `1 job`, `2 jobs`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
