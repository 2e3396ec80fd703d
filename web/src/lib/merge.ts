import type { Build, Repository } from '../api/types';

/** Whether what came may replace what is known: never an older version over a newer one. */
export function isNewer(
  known: { version: number } | undefined,
  come: { version: number },
): boolean {
  return known === undefined || come.version >= known.version;
}

/** An event carries a build without its jobs; the list of them that is known stays. */
export function mergeBuild(known: Build | undefined, come: Build): Build {
  return come.jobs || !known?.jobs ? come : { ...come, jobs: known.jobs };
}

/** A repository has no version of its own; the build that it shows does. */
export function mergeRepository(known: Repository | undefined, come: Repository): Repository {
  if (come.starred === undefined && known?.starred !== undefined) {
    come = { ...come, starred: known.starred };
  }
  const before = known?.current_build;
  const after = come.current_build;
  if (!before || !after) return come;
  if (after.id < before.id || (after.id === before.id && after.version < before.version)) {
    return { ...come, current_build: before };
  }
  return come;
}
