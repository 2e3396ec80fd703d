import type { Repository } from '../api/types';
import { isOver } from './states';
import { at } from './time';

function running(repo: Repository): boolean {
  return repo.current_build !== null && !isOver(repo.current_build.state);
}

function lastTime(repo: Repository): number {
  const build = repo.current_build;
  return at(build?.finished_at) ?? at(build?.started_at) ?? at(repo.created_at) ?? 0;
}

/** Running first, then last finished; the id settles what is equal, so that nothing jitters. */
export function byActivity(a: Repository, b: Repository): number {
  const first = Number(running(b)) - Number(running(a));
  if (first !== 0) return first;
  return lastTime(b) - lastTime(a) || b.id - a.id;
}

export interface Frozen {
  ids: number[];
  /** How many would stand elsewhere if the list were sorted now. */
  moved: number;
}

/**
 * The order to show while the reader is in the list: what was shown stays where it is, what is new
 * comes at the end, what is gone goes.
 */
export function freeze(shown: readonly number[], wanted: readonly number[]): Frozen {
  const present = new Set(wanted);
  const before = new Set(shown);
  const ids = [...shown.filter((id) => present.has(id)), ...wanted.filter((id) => !before.has(id))];
  return { ids, moved: ids.length - longestRise(ids, wanted) };
}

/** How many can stay in place: the longest subsequence already in the wanted order. */
function longestRise(ids: readonly number[], wanted: readonly number[]): number {
  const place = new Map(wanted.map((id, at) => [id, at]));
  const ends: number[] = [];
  for (const id of ids) {
    const value = place.get(id) ?? 0;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    ends[low] = value;
  }
  return ends.length;
}
