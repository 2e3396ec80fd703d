import { describe, expect, it } from 'vitest';
import { reportedLine, whoOf } from './reported';
import type { Build, BuildReport } from '../../api/types';

const now = Date.parse('2026-11-23T12:00:00Z');
const reported = (over: Partial<BuildReport>): BuildReport => ({
  state: 'told',
  context: 'Travis CI - Branch',
  description: 'Build Passed',
  error: null,
  told_at: null,
  next_try_at: null,
  ...over,
});

describe('reportedLine', () => {
  it('says when it was told', () => {
    expect(
      reportedLine(reported({ told_at: '2026-11-23T11:58:00Z' }), 'GitHub', now),
    ).toStrictEqual({
      text: 'Told to GitHub 2 min ago',
      wrong: false,
      title: 'Travis CI - Branch: Build Passed',
    });
  });

  it('says why it waits and when it is tried', () => {
    const waits = reported({
      state: 'waiting',
      error: 'the rate limit is used up.',
      next_try_at: '2026-11-23T12:05:00Z',
    });
    expect(reportedLine(waits, 'GitHub', now)?.text).toBe(
      'GitHub is told soon: the rate limit is used up. Next try in 5 min.',
    );
    expect(
      reportedLine(
        reported({ state: 'waiting', next_try_at: '2026-11-23T11:59:00Z' }),
        'Gitea',
        now,
      )?.text,
    ).toBe('Gitea is told soon. Next try: now.');
  });

  it('says why it failed', () => {
    const failed = reportedLine(
      reported({ state: 'failed', error: 'the token was taken back' }),
      'GitLab',
      now,
    );
    expect(failed?.wrong).toBe(true);
    expect(failed?.text).toBe('GitLab could not be told: the token was taken back.');
  });

  it('is silent where nobody is told', () => {
    expect(reportedLine(null, 'GitHub', now)).toBeNull();
    expect(reportedLine(reported({ state: 'none' }), 'GitHub', now)).toBeNull();
  });
});

it('names who caused a build', () => {
  const commit = { author: { name: 'June' } } as Build['commit'];
  expect(whoOf({ commit, created_by: null, sender: { login: 'junebug', avatar_url: null } })).toBe(
    'junebug',
  );
  expect(whoOf({ commit, created_by: null, sender: null })).toBe('June');
});
