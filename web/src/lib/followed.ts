/** Builds whose end the reader wants to hear of. All pure. */
import type { Build } from '../api/types';
import { wordOf } from './states';

export interface Followed {
  /** The build. */
  id: number;
  /** Its repository. */
  repo: number;
}

/** More are forgotten, the oldest first. */
export const MOST = 50;

/** The list as it was stored; whatever else stands there is nothing. */
export function parse(text: string | null): Followed[] {
  try {
    const found: unknown = JSON.parse(text ?? '[]');
    if (!Array.isArray(found)) return [];
    return found
      .filter(
        (one: Partial<Followed> | null): one is Followed =>
          Number.isSafeInteger(one?.id) && Number.isSafeInteger(one?.repo),
      )
      .map(({ id, repo }) => ({ id, repo }))
      .slice(-MOST);
  } catch {
    return [];
  }
}

export function without(list: readonly Followed[], id: number): Followed[] {
  return list.filter((one) => one.id !== id);
}

export function withOne(list: readonly Followed[], one: Followed): Followed[] {
  return [...without(list, one.id), one].slice(-MOST);
}

/** What is told when it is over. */
export function notice(build: Build): { title: string; body: string } {
  const line = (build.message || build.commit.message).split('\n')[0] ?? '';
  return {
    title: `#${build.number} ${wordOf(build.state)} · ${build.repository.slug}`,
    body: `${build.branch.name}: ${line}`.slice(0, 200),
  };
}
