import { describe, expect, it } from 'vitest';
import { PATTERNS, type RouteName } from './router';
import { pageOf } from './titles';

const run = { number: '#1284', state: 'started' };
const job = { number: '1284.6', state: 'failed' };
const repo = 'beacon';
const current = { state: 'passed' };

const table: [RouteName, Parameters<typeof pageOf>[1], string, string | null][] = [
  ['home', {}, 'Repositories', null],
  ['active', {}, 'Active builds', null],
  ['active', { count: 1 }, '1 active build', 'started'],
  ['active', { count: 3 }, '3 active builds', 'started'],
  ['workers', {}, 'Workers', null],
  ['workerNew', {}, 'Contribute a worker', null],
  ['workerNew', { standing: { word: '', shape: 'started' } }, 'Contribute a worker', 'started'],
  [
    'workerNew',
    { who: 'oak', standing: { word: '', shape: 'passed' } },
    'oak has joined',
    'passed',
  ],
  ['worker', {}, 'Worker', null],
  [
    'worker',
    { who: 'oak', standing: { word: 'online', shape: 'passed' } },
    'oak, online',
    'passed',
  ],
  ['worker', { missing: true }, 'Not found', null],
  ['person', { who: 'kestrel' }, 'kestrel lends', null],
  ['account', {}, 'Account', null],
  ['signIn', {}, 'Sign in', null],
  ['add', {}, 'Add a repository', null],
  ['add', { part: 'Switch on repositories' }, 'Switch on repositories', null],
  ['setup', {}, 'Set up this server', null],
  ['lint', {}, 'Check a .travis.yml', null],
  ['admin', {}, 'Administration', null],
  ['owner', { who: 'harborlight' }, 'harborlight', null],
  ['repo', { repo }, 'beacon', null],
  ['repo', { repo, run }, '● #1284 running · beacon', 'started'],
  ['build', { repo }, 'beacon', null],
  ['build', { repo, run }, '● #1284 running · beacon', 'started'],
  ['build', { repo, run: { ...run, state: 'passed' } }, '#1284 passed · beacon', 'passed'],
  ['build', { repo, missing: true }, 'Not found · beacon', null],
  ['config', { repo, run }, 'Configuration · ● #1284 running · beacon', 'started'],
  ['buildTests', { repo, run }, 'Tests · ● #1284 running · beacon', 'started'],
  ['job', { repo, run: job }, '1284.6 failed · beacon', 'failed'],
  ['jobTests', { repo, run: job }, 'Tests · 1284.6 failed · beacon', 'failed'],
  ['jobArtifacts', { repo, run: job }, 'Artifacts · 1284.6 failed · beacon', 'failed'],
  ['jobConfig', { repo, run: job }, 'Configuration · 1284.6 failed · beacon', 'failed'],
  ['jobAttempts', { repo, run: job }, 'Attempts · 1284.6 failed · beacon', 'failed'],
  ['branches', { repo, current }, 'Branches · beacon', 'passed'],
  ['builds', { repo, current }, 'Build history · beacon', 'passed'],
  ['builds', { repo, current: null }, 'Build history · beacon', null],
  ['pulls', { repo, current, count: 2 }, '(2 to approve) Pull requests · beacon', 'passed'],
  ['pulls', { repo, current, count: 0 }, 'Pull requests · beacon', 'passed'],
  ['requests', { repo, current }, 'Requests · beacon', 'passed'],
  ['deliveries', { repo, current }, 'Deliveries · beacon', 'passed'],
  ['caches', { repo, current }, 'Caches · beacon', 'passed'],
  ['settings', { repo, current }, 'Settings · beacon', 'passed'],
  ['insights', { repo, current }, 'Insights · beacon', 'passed'],
];

describe('titles and icons', () => {
  it.each(table)('of %s %j: %s', (route, facts, title, state) => {
    expect(pageOf(route, facts)).toEqual({ title, state, provisional: false });
  });
  it('are told for every page', () => {
    const told = new Set(table.map(([route]) => route));
    expect((Object.keys(PATTERNS) as RouteName[]).filter((route) => !told.has(route))).toEqual([]);
    expect(pageOf('notFound').title).toBe('Not found');
  });
  it('never show a provisional outcome as final', () => {
    const page = pageOf('job', { repo, run: { ...job, provisional: true } });
    expect(page).toEqual({
      title: '1284.6 failed, provisional · beacon',
      state: 'failed',
      provisional: true,
    });
  });
});
