import { describe, expect, it } from 'vitest';
import type { Build } from '../api/types';
import { MOST, notice, parse, withOne, without } from './followed';

describe('followed builds', () => {
  it('are read as they were stored, whatever else stands there', () => {
    expect(parse(null)).toEqual([]);
    expect(parse('{"id":1}')).toEqual([]);
    expect(parse('nonsense')).toEqual([]);
    expect(parse('[{"id":1,"repo":2,"more":3},{"id":"1","repo":2},null,7]')).toEqual([
      { id: 1, repo: 2 },
    ]);
  });
  it('are there once, and not too many', () => {
    const one = { id: 1, repo: 9 };
    expect(withOne([one, { id: 2, repo: 9 }], one)).toEqual([{ id: 2, repo: 9 }, one]);
    expect(without([one], 1)).toEqual([]);
    let list = [one];
    for (let id = 2; id < 99; id++) list = withOne(list, { id, repo: 9 });
    expect(list.length).toBe(MOST);
    expect(list.at(-1)?.id).toBe(98);
  });
  it('are told in a line with a commit', () => {
    const build = {
      number: '7',
      state: 'failed',
      message: 'Retry\n\nmore',
      commit: { message: '' },
      branch: { name: 'main' },
      repository: { slug: 'ada/beacon' },
    } as unknown as Build;
    expect(notice(build)).toEqual({ title: '#7 failed · ada/beacon', body: 'main: Retry' });
  });
});
