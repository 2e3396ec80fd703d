import type { Cron, NewCron } from '../../api/types';
import { until } from '../../lib/time';

/** What crons say of themselves. All pure. */

export const INTERVALS = [
  { value: 'daily', text: 'daily' },
  { value: 'weekly', text: 'weekly' },
  { value: 'monthly', text: 'monthly' },
] as const;

export type Interval = (typeof INTERVALS)[number]['value'];

export const UNLESS = [
  { value: false, text: 'never left out' },
  { value: true, text: 'built within 24 h' },
] as const;

export function unlessWord(cron: Cron): string {
  return UNLESS.find((one) => one.value === cron.dont_run_if_recent_build_exists)?.text ?? '';
}

/** When it runs next: `in 18 h`; what is due is taken within seconds. */
export function nextWord(cron: Cron, now: number): string {
  const left = until(cron.next_run, now);
  return left === 'over' ? 'now' : `in ${left}`;
}

export type Last =
  | { kind: 'none' }
  | { kind: 'waiting' }
  | { kind: 'build'; id: number; number: string; state: string }
  | { kind: 'refused'; why: string };

/** What came of the last run. */
export function lastOf(cron: Cron): Last {
  const request = cron.last_request;
  if (!request) return { kind: 'none' };
  const build = request.builds[0];
  if (build) return { kind: 'build', id: build.id, number: build.number, state: build.state };
  return request.state === 'rejected'
    ? { kind: 'refused', why: request.message ?? 'No build came of it' }
    : { kind: 'waiting' };
}

/** A branch's name as it is sent: people may write the whole ref. */
export function branchOf(typed: string): string {
  return typed.trim().replace(/^refs\/heads\//, '');
}

export function wish(interval: Interval, unless: boolean): NewCron {
  return { interval, dont_run_if_recent_build_exists: unless };
}
