import { describe, expect, it } from 'vitest';
import { branchProblem, nameProblem } from './names';

describe('names of variables and branches', () => {
  it('says what is wrong and what would be right', () => {
    expect(nameProblem('API KEY')).toBe('No spaces: API_KEY');
    expect(nameProblem('1A')).toBe('No digit first: _1A');
    expect(nameProblem('API_KEY')).toBe('');
    expect(branchProblem('refs/heads/main')).toBe('Without refs/heads/: main');
    for (const wrong of ['a b', 'release/*', '-x', 'a..b', 'a/']) {
      expect(branchProblem(wrong)).not.toBe('');
    }
    for (const right of ['', ' ', 'main', 'release/1.2', 'fix_#3']) {
      expect(branchProblem(right)).toBe('');
    }
  });
});
