import { describe, expect, it } from 'vitest';
import {
  DEFAULTS,
  hooksAddress,
  limitProblem,
  limitSaid,
  readLimit,
  readSettings,
} from './switches';
import type { Setting } from '../../api/types';

const setting = (name: string, value: Setting['value']): Setting => ({ name, value }) as Setting;

describe('readSettings', () => {
  it('takes what it knows and keeps the defaults else', () => {
    expect(
      readSettings([
        setting('build_pushes', false),
        setting('maximum_number_of_builds', 8),
        setting('approval', 'forks'),
        setting('min_executor', 'vm'),
        setting('share_moods', true),
      ]),
    ).toEqual({
      ...DEFAULTS,
      build_pushes: false,
      maximum_number_of_builds: 8,
      approval: 'forks',
      min_executor: 'vm',
    });
  });

  it('does not take values of the wrong kind', () => {
    expect(
      readSettings([
        setting('build_pushes', 'no'),
        setting('maximum_number_of_builds', null),
        setting('approval', 'sometimes'),
      ]),
    ).toEqual(DEFAULTS);
  });
});

it('reads a limit', () => {
  expect(readLimit('')).toBe(0);
  expect(readLimit(' 8 ')).toBe(8);
  expect(readLimit('1000')).toBe(1000);
  for (const wrong of ['-1', '1.5', '1001', 'many']) {
    expect(readLimit(wrong)).toBeNull();
    expect(limitProblem(wrong)).toMatch(/whole number/);
  }
  expect(limitProblem('4')).toBe('');
  expect([0, 1, 8].map(limitSaid)).toEqual([
    'No limit of jobs',
    'Limit set to 1 job',
    'Limit set to 8 jobs',
  ]);
});

it('knows where hooks are', () => {
  expect(hooksAddress('github', 'https://github.com/a/b')).toBe(
    'https://github.com/a/b/settings/hooks',
  );
  expect(hooksAddress('gitlab', 'https://gitlab.com/a/b/')).toBe('https://gitlab.com/a/b/-/hooks');
  expect(hooksAddress('github', null)).toBeNull();
});
