import { describe, expect, it } from 'vitest';
import type { Cache } from '../../api/types';
import { byBranch, matching, total } from './caches';

const cache = (branch: string, name: string, size = 1): Cache => ({
  repository_id: 1,
  branch,
  name,
  size,
  last_modified: '',
  last_used: '',
});
const all = [
  cache('PR.7', 'linux-ruby', 4),
  cache('main', 'linux-ruby', 2),
  cache('main', 'osx-ruby', 3),
  cache('PR.x', 'linux', 1),
];

describe('caches', () => {
  it('stand by branch, those of pull requests last', () => {
    const groups = byBranch(all).map(({ branch, pull, size }) => [branch, pull, size]);
    expect(groups).toEqual([
      ['main', null, 5],
      ['PR.x', null, 1],
      ['PR.7', 7, 4],
    ]);
    expect(total(all)).toBe(10);
  });

  it('are found by words of branch and name', () => {
    expect(matching(all, ' RUBY main ').map((one) => one.name)).toEqual(['linux-ruby', 'osx-ruby']);
    expect(matching(all, '')).toHaveLength(4);
  });
});
