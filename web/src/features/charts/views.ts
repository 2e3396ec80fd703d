/** What a chart and the table beside it show: the same numbers, once. All pure. */
import type { FleetStats, QueueStats, RepositoryStats, StatsSpread } from '../../api/types';
import { wordOf } from '../../lib/states';
import { clockTime, count, duration } from '../../lib/time';
import { countTicks, fineTicks, timeTicks, type Value } from './scale';

/** How a series is drawn; what is not drawn stands in the table and in what is said. */
export type Kind = 'bar' | 'line' | 'dash' | 'area' | 'none';

export interface Series {
  key: string;
  name: string;
  kind: Kind;
  /** A colour's token. */
  token: string;
  values: Value[];
  text: (value: number) => string;
}

export interface Point {
  /** Below the chart. */
  short: string;
  /** In the table and when it is spoken. */
  long: string;
  /** Where it leads. */
  href?: string;
  /** How the build of this point ended. */
  state?: string;
}

export interface View {
  /** What a point is: `Day`, `Build`, `Time`. */
  by: string;
  points: Point[];
  series: Series[];
  ticks: (max: number) => number[];
  tickText: (value: number) => string;
}

/** A value in words; nothing known is a dash. */
export function textOf(series: Series, at: number): string {
  const value = series.values[at] ?? null;
  return value === null ? '–' : series.text(value);
}

/** A point as it is spoken. */
export function spoken(view: View, at: number): string {
  const point = view.points[at];
  if (!point) return '';
  const name = point.state ? `${point.long}, ${wordOf(point.state)}` : point.long;
  const known = view.series.filter((series) => (series.values[at] ?? null) !== null);
  const idle = known.every((series) => series.values[at] === 0);
  const words = known.map((series) => `${series.name} ${textOf(series, at)}`).join(', ');
  return `${name}: ${idle && !point.state ? 'nothing' : words || 'nothing'}`;
}

/** Nothing happened there. */
export function isEmpty(view: View, at: number): boolean {
  return !view.points[at]?.state && view.series.every((series) => !series.values[at]);
}

/** The table as text with tabs, for spreadsheets. */
export function tabbed(view: View): string {
  const head = [view.by, ...view.series.map((series) => series.name)];
  const rows = view.points.map((point, at) => [
    point.long,
    ...view.series.map((series) => textOf(series, at)),
  ]);
  return [head, ...rows].map((row) => row.join('\t')).join('\n');
}

export const percent = (part: number): string => {
  const shown = part * 100;
  return `${shown === 100 || shown === 0 || shown >= 99.95 ? Math.round(shown) : shown.toFixed(1)} %`;
};

/** How many of those that count passed; canceled builds don't. */
export function rate(of: { passed: number; failed: number; errored: number }): Value {
  const all = of.passed + of.failed + of.errored;
  return all === 0 ? null : of.passed / all;
}

const inUtc = (day: string, words: Intl.DateTimeFormatOptions): string =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { ...words, timeZone: 'UTC' });
const dayAndMonth = (day: string): string => inUtc(day, { day: 'numeric', month: 'short' });
const weekday = (day: string): string => inUtc(day, { weekday: 'short' });

const byDay = (stats: RepositoryStats): Point[] =>
  stats.days.map((one) => ({
    short: dayAndMonth(one.day),
    long: `${weekday(one.day)} ${dayAndMonth(one.day)}`,
  }));

/** With so few builds each is a point of its own. */
const FEW = 40;

const few = (stats: RepositoryStats): boolean =>
  stats.builds.length > 0 && stats.builds.length <= FEW;

const byBuild = (stats: RepositoryStats): Point[] =>
  stats.builds.map((build) => ({
    short: `#${build.number}`,
    long: `#${build.number}`,
    href: `/${stats.repository.slug}/builds/${build.id}`,
    state: build.state,
  }));

const OUTCOMES = ['passed', 'failed', 'errored', 'canceled'] as const;

export function outcomes(stats: RepositoryStats): View {
  return {
    by: 'Day',
    points: byDay(stats),
    series: [
      ...OUTCOMES.map((state) => ({
        key: state,
        name: state,
        kind: 'bar' as const,
        token: state,
        values: stats.days.map((one) => one[state]),
        text: count,
      })),
      {
        key: 'rate',
        name: 'success',
        kind: 'none',
        token: '',
        values: stats.days.map(rate),
        text: percent,
      },
    ],
    ticks: countTicks,
    tickText: count,
  };
}

const spreads = (of: StatsSpread[], usual: string, bad: string): Series[] => [
  {
    key: 'p50',
    name: usual,
    kind: 'line',
    token: 'ink-2',
    values: of.map((one) => one.p50),
    text: duration,
  },
  {
    key: 'p95',
    name: bad,
    kind: 'dash',
    token: 'ink-3',
    values: of.map((one) => one.p95),
    text: duration,
  },
];

const inTime = { ticks: timeTicks, tickText: duration };

export function durations(stats: RepositoryStats): View {
  if (few(stats)) {
    return {
      by: 'Build',
      points: byBuild(stats),
      series: [
        {
          key: 'time',
          name: 'time',
          kind: 'bar',
          token: 'passed',
          values: stats.builds.map((build) => build.duration),
          text: duration,
        },
      ],
      ...inTime,
    };
  }
  const of = stats.days.map((one) => one.duration);
  return {
    by: 'Day',
    points: byDay(stats),
    series: spreads(of, 'usual', '95 of 100 within'),
    ...inTime,
  };
}

export function waits(stats: RepositoryStats): View {
  const each = few(stats);
  return {
    by: each ? 'Build' : 'Day',
    points: each
      ? byBuild(stats).map(({ short, long, href }) => ({ short, long, ...(href && { href }) }))
      : byDay(stats),
    series: spreads(
      (each ? stats.builds : stats.days).map((one) => one.waiting),
      'usual',
      '95 of 100 within',
    ),
    ...inTime,
  };
}

/** Points of time: the clock for spans within a day or two, else the day with it. */
function times(points: { at: string }[], step: number): Point[] {
  return points.map(({ at }) => {
    const then = new Date(at);
    const date = then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    const clock = clockTime(at);
    return { short: step < 3600 ? clock : date, long: `${date}, ${clock}` };
  });
}

const average = (value: number): string => String(Math.round(value * 10) / 10);

export function queueDepth(stats: QueueStats, platform: string): View {
  const chosen = stats.platforms.find((one) => platformKey(one) === platform);
  const points = chosen?.points ?? stats.points;
  return {
    by: 'Time',
    points: times(points, stats.step),
    series: [
      {
        key: 'waiting',
        name: 'jobs waiting',
        kind: 'area',
        token: 'queued',
        values: points.map((point) => point.waiting),
        text: average,
      },
    ],
    ticks: countTicks,
    tickText: count,
  };
}

export const platformKey = (one: { os: string; arch: string }): string => `${one.os} ${one.arch}`;

/** How long jobs of a platform waited; of all, the one with the most jobs stands first. */
export function queueWaits(stats: QueueStats, platform: string): View {
  const chosen = stats.platforms.find((one) => platformKey(one) === platform) ?? stats.platforms[0];
  const of = chosen?.points ?? [];
  return {
    by: 'Time',
    points: times(of, stats.step),
    series: [
      ...spreads(
        of.map((point) => point.waited),
        'usual wait',
        '95 of 100 within',
      ),
      {
        key: 'jobs',
        name: 'jobs',
        kind: 'none',
        token: '',
        values: of.map((point) => point.waited.count),
        text: count,
      },
    ],
    ...inTime,
  };
}

export function fleetSlots(stats: FleetStats): View {
  const series = (
    key: 'busy' | 'slots' | 'workers',
    name: string,
    kind: Kind,
    token: string,
  ): Series => ({
    key,
    name,
    kind,
    token,
    values: stats.points.map((point) => point[key]),
    text: average,
  });
  return {
    by: 'Time',
    points: times(stats.points, stats.step),
    series: [
      series('busy', 'slots busy', 'area', 'started'),
      series('slots', 'slots lent', 'line', 'ink-2'),
      series('workers', 'workers online', 'dash', 'ink-3'),
    ],
    ticks: countTicks,
    tickText: count,
  };
}

export function fleetWork(stats: FleetStats): View {
  return {
    by: 'Time',
    points: times(stats.points, stats.step),
    series: [
      {
        key: 'work',
        name: 'core hours',
        kind: 'bar',
        token: 'started',
        values: stats.points.map((point) =>
          point.core_seconds === null ? null : point.core_seconds / 3600,
        ),
        text: (value) => (value > 0 && value < 0.1 ? value.toFixed(3) : value.toFixed(1)),
      },
    ],
    ticks: fineTicks,
    tickText: (value) => String(Math.round(value * 1000) / 1000),
  };
}
