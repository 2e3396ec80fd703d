import type { Boot } from '../api/types';

type BootLog = NonNullable<Boot['log']>;

let known: Boot | null | undefined;

/** What the page brought along; nothing when it came without. */
export function boot(): Boot | null {
  if (known !== undefined) return known;
  const text = document.getElementById('boot')?.textContent;
  try {
    known = text ? (JSON.parse(text) as Boot) : null;
  } catch {
    known = null;
  }
  return known;
}

const spent = new Set<string>();

/**
 * Whether the page brought this along and nobody has asked for it yet. Then it needs no fetching
 * before it is seen: the live channel says so when it is first heard, and has it fetched again.
 */
export function justBrought(kind: 'build' | 'job', id: number): boolean {
  const key = `${kind} ${id}`;
  if (boot()?.[kind]?.id !== id || spent.has(key)) return false;
  spent.add(key);
  return true;
}

/** The log that the page brought along, once: later it would be older than what was shown. */
export function takeBootLog(
  attempt: number,
  fits: (log: BootLog) => boolean = () => true,
): BootLog | null {
  const log = boot()?.log;
  if (!log || log.attempt !== attempt || !fits(log)) return null;
  delete boot()?.log;
  return log;
}
