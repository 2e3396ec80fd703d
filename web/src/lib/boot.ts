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

/** The log that the page brought along, once: later it would be older than what was shown. */
export function takeBootLog(attempt: number): BootLog | null {
  const log = boot()?.log;
  if (!log || log.attempt !== attempt) return null;
  delete boot()?.log;
  return log;
}
