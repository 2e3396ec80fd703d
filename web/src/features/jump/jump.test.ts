import { describe, expect, it, vi } from 'vitest';
import type { Build, CurrentUser, Job, Repository } from '../../api/types';
import { actionsOf, type Context, type Deeds } from './actions';
import { best, fits, numbered, wordsOf, type Item } from './find';

describe('what is typed', () => {
  it('may be the number of a build or of a job', () => {
    expect(numbered('12')).toEqual({ words: [], build: '12', job: null });
    expect(numbered(' #12.3 ')).toEqual({ words: [], build: '12', job: '12.3' });
    expect(numbered('beacon 12')).toEqual({ words: ['beacon'], build: '12', job: null });
    expect(numbered('ada/beacon#12.3')).toEqual({
      words: ['ada/beacon'],
      build: '12',
      job: '12.3',
    });
    for (const text of ['', 'log4', 'release-0.14', '1.2.3', '#', 'beacon']) {
      expect(numbered(text), text).toBeNull();
    }
  });
  it('fits when each word is there; the best stands first', () => {
    expect(fits(wordsOf(' ADA  bea '), 'ada/beacon')).toBe(true);
    expect(fits(wordsOf('ada lamp'), 'ada/beacon')).toBe(false);
    const items = ['rebuild', 'a build', 'build it', 'build'].map((text): Item => ({
      key: text,
      text,
      note: '',
      run: () => undefined,
    }));
    expect(best(items, ['build']).map(({ text }) => text)).toEqual([
      'build',
      'build it',
      'a build',
      'rebuild',
    ]);
    expect(best(items, ['(']).length).toBe(4);
  });
});

const deeds = (): Deeds => {
  const names = ['go', 'change', 'follow', 'trigger', 'badge', 'star', 'copyLink', 'theme'];
  const more = ['keySheet', 'letterKeys', 'hideList', 'signIn', 'signOut'];
  return Object.fromEntries([...names, ...more].map((name) => [name, vi.fn()])) as unknown as Deeds;
};
const none: Context = {
  user: null,
  dark: false,
  followed: false,
  listHidden: false,
  letterKeys: true,
};
const repo = (may: boolean): Repository =>
  ({
    slug: 'ada/beacon',
    active: true,
    starred: false,
    '@permissions': { admin: may, create_request: may, star: may },
  }) as unknown as Repository;
const run = (kind: 'build' | 'job', state: string, may = true): Build & Job =>
  ({
    '@type': kind,
    id: 7,
    number: kind === 'build' ? '12' : '12.3',
    state,
    '@permissions': { restart: may, cancel: may },
  }) as unknown as Build & Job;
const keysOf = (context: Context): { near: string[]; others: string[] } => {
  const { near, others } = actionsOf(context, deeds());
  return { near: near.map(({ key }) => key), others: others.map(({ key }) => key) };
};

describe('what can be done', () => {
  it('is what the page shows and the reader may', () => {
    const running = {
      ...none,
      repo: repo(true),
      build: run('build', 'started'),
      job: run('job', 'failed'),
    };
    expect(keysOf(running).near).toEqual(['follow', 'trigger', 'restart-job', 'cancel-build']);
    const over = { ...none, repo: repo(true), build: run('build', 'passed') };
    expect(keysOf(over).near).toEqual(['trigger', 'restart-build']);
    const visitor = { ...none, repo: repo(false), build: run('build', 'started', false) };
    expect(keysOf(visitor).near).toEqual(['follow']);
    expect(keysOf(visitor).others).not.toContain('settings');
    expect(keysOf(running).others).toContain('settings');
  });
  it('depends on who reads', () => {
    const user = { admin: false } as unknown as CurrentUser;
    expect(keysOf(none).others).toContain('in');
    expect(keysOf(none).others).not.toContain('add');
    expect(keysOf({ ...none, user }).others).toEqual(
      expect.arrayContaining(['out', 'add', 'account']),
    );
    expect(keysOf({ ...none, user }).others).not.toContain('admin');
    const operator = { ...user, admin: true };
    expect(keysOf({ ...none, user: operator }).others).toEqual(
      expect.arrayContaining(['setup', 'admin']),
    );
  });
  it('does what it says', () => {
    const does = deeds();
    const build = run('build', 'started');
    const { near, others } = actionsOf({ ...none, repo: repo(true), build, dark: true }, does);
    for (const item of [...near, ...others]) item.run();
    expect(does.change).toHaveBeenCalledExactlyOnceWith(build, 'cancel');
    expect(does.follow).toHaveBeenCalledExactlyOnceWith(build);
    expect(does.trigger).toHaveBeenCalledExactlyOnceWith('ada/beacon');
    expect(does.theme).toHaveBeenCalledWith('light');
    expect(does.go).toHaveBeenCalledWith('/ada/beacon/insights');
    expect(new Set([...near, ...others].map(({ key }) => key)).size).toBe(
      near.length + others.length,
    );
  });
});
