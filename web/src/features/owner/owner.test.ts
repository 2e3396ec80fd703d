import { describe, expect, it } from 'vitest';
import type { Repository } from '../../api/types';
import { inWords, shelves } from './owner';

const repo = (name: string, state: string | null, finished = '', active = true): Repository =>
  ({
    name,
    active,
    current_build: state ? { state, finished_at: finished || null, previous_state: null } : null,
  }) as unknown as Repository;
const all = [
  repo('old', 'passed', '2026-01-01T00:00:00Z'),
  repo('new', 'failed', '2026-02-01T00:00:00Z'),
  repo('runs', 'started'),
  repo('none', null),
  repo('off', null, '', false),
];

describe('an owner', () => {
  it('has what runs first and what is off last', () => {
    const { running, built, off } = shelves(all);
    expect(running.map((one) => one.name)).toEqual(['runs']);
    expect(built.map((one) => one.name)).toEqual(['new', 'old', 'none']);
    expect(off.map((one) => one.name)).toEqual(['off']);
  });

  it('is said in words', () => {
    expect(inWords(all)).toBe('4 repositories build here, 1 is red');
    expect(inWords([])).toBe('Nothing builds here yet');
  });
});
