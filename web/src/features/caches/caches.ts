import type { Cache } from '../../api/types';

/** Caches as a page shows them. All pure. */

export interface Group {
  branch: string;
  /** `null`: a branch; else the number of the pull request. */
  pull: number | null;
  size: number;
  caches: Cache[];
}

/** The caches of each branch together: branches as they were used last, pull requests after them. */
export function byBranch(caches: Cache[]): Group[] {
  const groups: Group[] = [];
  for (const cache of caches) {
    let group = groups.find((one) => one.branch === cache.branch);
    if (!group) {
      const number = /^PR\.(\d+)$/.exec(cache.branch)?.[1];
      group = { branch: cache.branch, pull: number ? Number(number) : null, size: 0, caches: [] };
      groups.push(group);
    }
    group.size += cache.size;
    group.caches.push(cache);
  }
  return [
    ...groups.filter((one) => one.pull === null),
    ...groups.filter((one) => one.pull !== null),
  ];
}

/** Those that hold each word somewhere: in the branch or in the name. */
export function matching(caches: Cache[], text: string): Cache[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return caches.filter((cache) => {
    const line = `${cache.branch} ${cache.name}`.toLowerCase();
    return words.every((word) => line.includes(word));
  });
}

export const total = (caches: Cache[]): number =>
  caches.reduce((sum, cache) => sum + cache.size, 0);

export const EXAMPLE = 'cache:\n  directories:\n    - node_modules';
