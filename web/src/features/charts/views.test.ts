import { describe, expect, it } from 'vitest';
import type { FleetStats, QueueStats, RepositoryStats } from '../../api/types';
import {
  durations,
  fleetSlots,
  fleetWork,
  outcomes,
  percent,
  queueDepth,
  queueWaits,
  rate,
  spoken,
  tabbed,
  waits,
} from './views';

const spread = (count: number, p50: number | null, p95: number | null) => ({ count, p50, p95 });
const day = (text: string, passed: number, failed: number) => ({
  day: text,
  builds: passed + failed,
  passed,
  failed,
  errored: 0,
  canceled: 0,
  duration: passed + failed ? spread(passed + failed, 60, 90) : spread(0, null, null),
  waiting: passed + failed ? spread(4, 0.4, 2) : spread(0, null, null),
});
const head = { '@type': 'x', '@href': '/x', '@representation': 'standard' };
const stats = (builds: RepositoryStats['builds']): RepositoryStats =>
  ({
    ...head,
    repository: { slug: 'ada/beacon' },
    branch: null,
    span_days: 2,
    since: '2026-11-22T00:00:00.000Z',
    complete: true,
    total: day('2026-11-22', 3, 1),
    days: [day('2026-11-22', 0, 0), day('2026-11-23', 3, 1)],
    builds,
  }) as unknown as RepositoryStats;
const build = (number: number, state: string, duration: number | null) => ({
  id: number + 40,
  number,
  state,
  finished_at: '2026-11-23T08:00:00.000Z',
  duration,
  waiting: spread(1, 0.5, 0.5),
});

describe('a repository', () => {
  it('counts outcomes by day, and says them', () => {
    const view = outcomes(stats([]));
    expect(spoken(view, 0)).toBe('Sun 22 Nov: nothing');
    expect(spoken(view, 1)).toBe(
      'Mon 23 Nov: passed 3, failed 1, errored 0, canceled 0, success 75.0 %',
    );
    expect(tabbed(view).split('\n')[2]).toBe('Mon 23 Nov\t3\t1\t0\t0\t75.0 %');
  });
  it('names each build when they are few, and days when they are many', () => {
    const few = durations(stats([build(1, 'passed', 61), build(2, 'errored', null)]));
    expect(few.points.map((point) => point.href)).toEqual([
      '/ada/beacon/builds/41',
      '/ada/beacon/builds/42',
    ]);
    expect(spoken(few, 0)).toBe('#1, passed: time 1 min 1 s');
    expect(spoken(few, 1)).toBe('#2, errored: nothing');
    const many = durations(stats(Array.from({ length: 41 }, (_, n) => build(n, 'passed', n))));
    expect(spoken(many, 1)).toBe('Mon 23 Nov: usual 1 min, 95 of 100 within 1 min 30 s');
    expect(waits(stats([build(1, 'passed', 61)])).points[0]?.state).toBeUndefined();
  });
  it('has no rate when nothing counts', () => {
    expect(rate({ passed: 0, failed: 0, errored: 0 })).toBeNull();
    expect(percent(1)).toBe('100 %');
    expect(percent(0.9996)).toBe('100 %');
    expect(percent(0.886)).toBe('88.6 %');
    expect(percent(0)).toBe('0 %');
  });
});

describe('queue and fleet', () => {
  const at = '2026-11-23T08:00:00.000Z';
  const queue = {
    ...head,
    span_hours: 24,
    step: 900,
    points: [{ at, waiting: 3 }],
    platforms: [
      {
        os: 'linux',
        arch: 'amd64',
        most_waiting: 3,
        waited: spread(9, 1, 8),
        points: [{ at, waiting: 2.25, waited: spread(9, 1, 8) }],
      },
    ],
  } as unknown as QueueStats;
  it('are shown of one platform or of all', () => {
    expect(queueDepth(queue, '').series[0]?.values).toEqual([3]);
    expect(queueDepth(queue, 'linux amd64').series[0]?.values).toEqual([2.25]);
    expect(spoken(queueWaits(queue, ''), 0)).toMatch(
      /: usual wait 1 s, 95 of 100 within 8 s, jobs 9$/,
    );
    expect(queueWaits({ ...queue, platforms: [] }, '').points).toEqual([]);
  });
  it('leave holes where nothing was noted', () => {
    const fleet = {
      ...head,
      span_hours: 24,
      step: 900,
      points: [
        { at, workers: null, slots: null, busy: null, core_seconds: null },
        { at, workers: 2, slots: 4, busy: 1.5, core_seconds: 1800 },
      ],
    } as unknown as FleetStats;
    expect(fleetSlots(fleet).series.map((series) => series.values)).toEqual([
      [null, 1.5],
      [null, 4],
      [null, 2],
    ]);
    expect(spoken(fleetWork(fleet), 1)).toMatch(/: core hours 0.5$/);
  });
});
