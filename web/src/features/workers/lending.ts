import type { Egress, Lending, LendingHours as Hours } from '../../api/types';
import { bytes } from '../../lib/time';

/** What an owner lends, as a form and as the wire has it. All pure. */

export type { Egress, Hours };

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const DAY_NAMES: Record<string, string> = {
  mon: 'Mon',
  tue: 'Tue',
  wed: 'Wed',
  thu: 'Thu',
  fri: 'Fri',
  sat: 'Sat',
  sun: 'Sun',
};
export const dayName = (day: string): string => DAY_NAMES[day] ?? day;

export type HoursChoice = 'any' | 'nights' | 'nights_weekends' | 'weekends' | 'own';

/** The form. Figures are texts while they are typed; empty is no limit. */
export interface LendForm {
  cores: number;
  memory: number;
  slots: string;
  disk: string;
  rate: string;
  month: string;
  onlyIdle: boolean;
  onlyMains: boolean;
  onlyUnmetered: boolean;
  hours: HoursChoice;
  own: Hours[];
  only: string;
  never: string;
  egress: Egress | '';
}

/** Hundredths with their words; 100 is no limit. */
export const SHARES: { percent: number; word: string }[] = [
  { percent: 25, word: 'A quarter' },
  { percent: 50, word: 'Half' },
  { percent: 75, word: 'Three quarters' },
  { percent: 100, word: 'All' },
];

/** The choices, and the one that was set by other means, so that it isn't lost. */
export function sharesWith(percent: number): { percent: number; word: string }[] {
  if (SHARES.some((one) => one.percent === percent)) return SHARES;
  return [...SHARES, { percent, word: `${percent} %` }].sort((a, b) => a.percent - b.percent);
}

const NIGHT: Hours = { days: [], from: '22:00', to: '07:00' };
const WEEKEND: Hours = { days: ['sat', 'sun'], from: '00:00', to: '00:00' };

export const HOURS: { choice: HoursChoice; word: string; windows: Hours[] }[] = [
  { choice: 'any', word: 'Any time', windows: [] },
  { choice: 'nights', word: 'Nights, 22 to 7', windows: [NIGHT] },
  { choice: 'nights_weekends', word: 'Nights and weekends', windows: [NIGHT, WEEKEND] },
  { choice: 'weekends', word: 'Weekends', windows: [WEEKEND] },
  { choice: 'own', word: 'Other hours', windows: [] },
];

const sameWindow = (a: Hours, b: Hours): boolean =>
  a.from === b.from &&
  a.to === b.to &&
  !a.zone &&
  !b.zone &&
  [...a.days].sort().join() === [...b.days].sort().join();

function choiceOf(windows: readonly Hours[]): HoursChoice {
  const found = HOURS.find(
    (one) =>
      one.choice !== 'own' &&
      one.windows.length === windows.length &&
      one.windows.every((window) => windows.some((other) => sameWindow(window, other))),
  );
  return found?.choice ?? 'own';
}

/** What a machine lends that nobody has thought about: half of it, while its owner is away. */
export function freshForm(): LendForm {
  return {
    ...formOf({ cores_percent: 50, memory_percent: 50 }),
    onlyIdle: true,
    onlyMains: true,
    onlyUnmetered: true,
  };
}

const GB = 1e9;
const text = (value: number | null | undefined, unit = 1): string =>
  value === null || value === undefined ? '' : String(Math.round((value / unit) * 100) / 100);

export function formOf(lending: Lending): LendForm {
  const hours = lending.hours ?? [];
  return {
    cores: lending.cores_percent ?? 100,
    memory: lending.memory_percent ?? 100,
    slots: text(lending.slots),
    disk: text(lending.disk_bytes, GB),
    rate: text(lending.bytes_per_second, 1e6 / 8),
    month: text(lending.bytes_per_month, GB),
    onlyIdle: lending.only_when_idle ?? false,
    onlyMains: lending.only_on_mains ?? false,
    onlyUnmetered: lending.only_unmetered ?? false,
    hours: choiceOf(hours),
    own: hours.map((window) => ({ ...window, days: [...window.days] })),
    only: (lending.only_repositories ?? []).join('\n'),
    never: (lending.never_repositories ?? []).join('\n'),
    egress: lending.egress ?? '',
  };
}

const figure = (typed: string): number | null => {
  const trimmed = typed.trim().replace(',', '.');
  return trimmed === '' ? null : Number(trimmed);
};

/** The wire's form of it. Only of a form without problems. */
export function lendingOf(form: LendForm): Lending {
  const of = (typed: string, unit: number): number | undefined => {
    const value = figure(typed);
    return value === null ? undefined : Math.round(value * unit);
  };
  const some = <T>(name: keyof Lending, value: T | undefined): Partial<Lending> =>
    value === undefined ? {} : { [name]: value };
  const windows =
    form.hours === 'own'
      ? form.own
      : (HOURS.find((one) => one.choice === form.hours)?.windows ?? []);
  return {
    ...some('slots', of(form.slots, 1)),
    ...some('cores_percent', form.cores >= 100 ? undefined : form.cores),
    ...some('memory_percent', form.memory >= 100 ? undefined : form.memory),
    ...some('disk_bytes', of(form.disk, GB)),
    ...some('bytes_per_second', of(form.rate, 1e6 / 8)),
    ...some('bytes_per_month', of(form.month, GB)),
    only_when_idle: form.onlyIdle,
    only_on_mains: form.onlyMains,
    only_unmetered: form.onlyUnmetered,
    hours: windows.map((window) => ({ ...window, days: [...window.days] })),
    only_repositories: readRepositories(form.only),
    never_repositories: readRepositories(form.never),
    ...some('egress', form.egress === '' ? undefined : form.egress),
  };
}

/** Names of repositories as typed: by lines, commas or blanks; each once. */
export function readRepositories(typed: string): string[] {
  return [
    ...new Set(
      typed
        .split(/[\s,]+/)
        .map((one) => one.trim())
        .filter(Boolean),
    ),
  ];
}

const SLUG = /^[\w.-]+\/([\w.-]+|\*)$/;

/** What is wrong with names of repositories, with the fix. */
export function repositoriesProblem(typed: string): string {
  const wrong = readRepositories(typed).find((one) => !SLUG.test(one));
  return wrong === undefined ? '' : `“${wrong}”: write owner/name, or owner/* for all of an owner`;
}

/** What is wrong with a figure, with the fix. */
export function figureProblem(typed: string, most: number, whole = false): string {
  const value = figure(typed);
  if (value === null) return '';
  const fits = Number.isFinite(value) && value > 0 && value <= most;
  if (fits && (!whole || Number.isInteger(value))) return '';
  return `${whole ? 'A whole number' : 'A number'} up to ${most}, or empty for no limit`;
}

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** What is wrong with own hours, with the fix. */
export function hoursProblem(windows: readonly Hours[]): string {
  if (windows.length === 0) return 'Add hours, or choose “Any time”';
  const wrong = windows.find((window) => !CLOCK.test(window.from) || !CLOCK.test(window.to));
  return wrong ? 'Write times as 22:00' : '';
}

/** The first thing wrong with the form, or nothing. */
export function formProblem(form: LendForm): string {
  return (
    figureProblem(form.slots, 256, true) ||
    figureProblem(form.disk, 100_000) ||
    figureProblem(form.rate, 100_000) ||
    figureProblem(form.month, 1_000_000) ||
    (form.hours === 'own' ? hoursProblem(form.own) : '') ||
    repositoriesProblem(form.only) ||
    repositoriesProblem(form.never)
  );
}

/** `Sat and Sun, all day`, `every day 22:00 to 07:00`. */
export function windowText(window: Hours): string {
  const names = DAYS.filter((day) => window.days.includes(day)).map(dayName);
  const days =
    names.length === 0 || names.length === 7
      ? 'every day'
      : names.length === 1
        ? (names[0] ?? '')
        : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
  const time = window.from === window.to ? ', all day' : ` ${window.from} to ${window.to}`;
  return `${days}${time}${window.zone ? ` (${window.zone})` : ''}`;
}

/** For whom a machine works, in a sentence. */
export function forWhom(only: string, never: string): string {
  const some = readRepositories(only);
  const not = readRepositories(never);
  const list = (names: string[]): string =>
    names.length <= 2 ? names.join(' and ') : `${names[0] ?? ''} and ${names.length - 1} more`;
  if (some.length > 0 && not.length > 0) return `Only ${list(some)}, never ${list(not)}`;
  if (some.length > 0) return `Only ${list(some)}`;
  if (not.length > 0) return `All public repositories but ${list(not)}`;
  return 'All public repositories of this server';
}

/** What is lent, in short phrases; for the worker's page. */
export function lendingPhrases(lending: Lending): string[] {
  const phrases: string[] = [];
  if (lending.only_when_idle) phrases.push('only while its owner is away');
  if (lending.only_on_mains) phrases.push('only on mains power');
  if (lending.only_unmetered) phrases.push('only on an unmetered network');
  for (const window of lending.hours ?? []) phrases.push(windowText(window));
  if (lending.bytes_per_second) {
    phrases.push(`${Math.round((lending.bytes_per_second * 8) / 1e5) / 10} Mbit/s at most`);
  }
  if (lending.bytes_per_month) phrases.push(`${bytes(lending.bytes_per_month)} a month at most`);
  if (lending.egress === 'none') phrases.push('no network for jobs');
  if (lending.egress === 'registries') phrases.push('jobs reach package registries alone');
  const only = lending.only_repositories ?? [];
  const never = lending.never_repositories ?? [];
  if (only.length > 0 || never.length > 0) {
    phrases.push(
      forWhom(only.join('\n'), never.join('\n')).replace(/^[OA]/, (c) => c.toLowerCase()),
    );
  }
  return phrases;
}
