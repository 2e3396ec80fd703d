import { describe, expect, it } from 'vitest';
import type { Cron } from '../../api/types';
import { branchOf, lastOf, unlessWord } from './crons';

const cron = (more: Partial<Cron>): Cron =>
  ({ dont_run_if_recent_build_exists: false, last_request: null, ...more }) as Cron;
const request = (more: object): Cron['last_request'] =>
  ({ state: 'pending', message: null, builds: [], ...more }) as unknown as Cron['last_request'];

describe('crons', () => {
  it('say what came of their last run', () => {
    expect(lastOf(cron({}))).toEqual({ kind: 'none' });
    expect(lastOf(cron({ last_request: request({}) }))).toEqual({ kind: 'waiting' });
    const build = { id: 7, number: '12', state: 'failed' };
    expect(lastOf(cron({ last_request: request({ builds: [build] }) }))).toEqual({
      kind: 'build',
      ...build,
    });
    const refused = request({ state: 'rejected', message: 'Build #3 is too young' });
    expect(lastOf(cron({ last_request: refused }))).toEqual({
      kind: 'refused',
      why: 'Build #3 is too young',
    });
  });

  it('say when they leave a run out', () => {
    expect(unlessWord(cron({}))).toBe('never left out');
    expect(unlessWord(cron({ dont_run_if_recent_build_exists: true }))).toBe('built within 24 h');
  });

  it('take whole refs of branches', () => {
    expect(branchOf(' refs/heads/a/b ')).toBe('a/b');
    expect(branchOf('main')).toBe('main');
  });
});
