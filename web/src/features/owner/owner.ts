import type { Repository } from '../../api/types';
import { isOver } from '../../lib/states';

/** An owner's repositories as their page shows them. All pure. */

export interface Shelves {
  running: Repository[];
  built: Repository[];
  off: Repository[];
}

const finished = (repo: Repository): number =>
  Date.parse(repo.current_build?.finished_at ?? '') || 0;

/** What runs first, then what was built last, then what is off by name. */
export function shelves(repos: Repository[]): Shelves {
  const on = repos.filter((repo) => repo.active);
  const runs = (repo: Repository): boolean =>
    repo.current_build !== null && !isOver(repo.current_build.state);
  const byName = (a: Repository, b: Repository): number => a.name.localeCompare(b.name);
  return {
    running: on.filter(runs).sort(byName),
    built: on
      .filter((repo) => !runs(repo))
      .sort((a, b) => finished(b) - finished(a) || byName(a, b)),
    off: repos.filter((repo) => !repo.active).sort(byName),
  };
}

/** `3 repositories, 1 is red`. */
export function inWords(repos: Repository[]): string {
  const on = repos.filter((repo) => repo.active);
  const red = on.filter((repo) =>
    ['failed', 'errored'].includes(
      repo.current_build && isOver(repo.current_build.state)
        ? repo.current_build.state
        : (repo.current_build?.previous_state ?? ''),
    ),
  ).length;
  const number = `${on.length} ${on.length === 1 ? 'repository builds' : 'repositories build'} here`;
  if (on.length === 0) return 'Nothing builds here yet';
  if (red === 0) return `${number}, none is red`;
  return `${number}, ${red} ${red === 1 ? 'is' : 'are'} red`;
}
