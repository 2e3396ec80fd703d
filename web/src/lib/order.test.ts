import { describe, expect, it } from 'vitest';
import type { Build, BuildMinimal, Repository } from '../api/types';
import { isNewer, mergeBuild, mergeRepository } from './merge';
import { byActivity, freeze } from './order';

function repo(
  id: number,
  state: string | null,
  finished: string | null,
  version = 1,
  build = id,
): Repository {
  const current =
    state === null ? null : { id: build, state, started_at: null, finished_at: finished, version };
  return {
    id,
    created_at: '2026-01-01T00:00:00.000Z',
    current_build: current as BuildMinimal | null,
  } as Repository;
}

describe('order of the list', () => {
  it('has what runs first, then what finished last', () => {
    const list = [
      repo(1, 'passed', '2026-05-01T00:00:00.000Z'),
      repo(2, null, null),
      repo(3, 'started', null),
      repo(4, 'failed', '2026-06-01T00:00:00.000Z'),
    ];
    expect(list.sort(byActivity).map((one) => one.id)).toEqual([3, 4, 1, 2]);
  });

  it('stays while frozen and counts what would move', () => {
    expect(freeze([1, 2, 3], [3, 1, 2])).toEqual({ ids: [1, 2, 3], moved: 1 });
    expect(freeze([1, 2, 3], [1, 2, 3])).toEqual({ ids: [1, 2, 3], moved: 0 });
    expect(freeze([1, 2, 3], [4, 1, 3])).toEqual({ ids: [1, 3, 4], moved: 1 });
    expect(freeze([], [2, 1])).toEqual({ ids: [2, 1], moved: 0 });
  });

  it('keeps everything, once, whatever happens', () => {
    let seed = 7;
    const random = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let turn = 0; turn < 200; turn++) {
      const shown = [...new Set(Array.from({ length: random(12) }, () => random(20)))];
      const wanted = [...new Set(Array.from({ length: random(12) }, () => random(20)))];
      const { ids, moved } = freeze(shown, wanted);
      expect([...ids].sort()).toEqual([...wanted].sort());
      const kept = shown.filter((id) => wanted.includes(id));
      expect(ids.slice(0, kept.length)).toEqual(kept);
      expect(moved === 0).toBe(ids.join() === wanted.join());
    }
  });
});

describe('versions', () => {
  it('never puts an older one over a newer one', () => {
    expect(isNewer(undefined, { version: 1 })).toBe(true);
    expect(isNewer({ version: 5 }, { version: 4 })).toBe(false);
    expect(isNewer({ version: 5 }, { version: 6 })).toBe(true);
  });

  it('keeps the jobs that an event leaves out', () => {
    const jobs = [{ id: 1 }];
    const known = { version: 1, jobs } as unknown as Build;
    expect(mergeBuild(known, { version: 2 } as Build).jobs).toBe(jobs);
  });

  it('does not go back to an older build of a repository', () => {
    const known = repo(1, 'started', null, 5, 10);
    expect(mergeRepository(known, repo(1, 'created', null, 4, 10)).current_build?.version).toBe(5);
    expect(mergeRepository(known, repo(1, 'passed', null, 9, 9)).current_build?.id).toBe(10);
    expect(mergeRepository(known, repo(1, 'created', null, 1, 11)).current_build?.id).toBe(11);
  });
});
