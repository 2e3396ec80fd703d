import { describe, expect, it } from 'vitest';
import type { ForgeOwner, Identity, Repository } from '../../api/types';
import { append, renew, sortOwners, switchBarrier, syncLine, syncShare } from './sync';

const NOW = Date.parse('2026-11-23T08:00:00.000Z');
const identity = (over: Partial<Identity>): Identity =>
  ({
    forge: { id: 1, kind: 'github', name: 'github', web_url: 'https://github.com' },
    login: 'kestrel',
    name: null,
    avatar_url: null,
    is_syncing: false,
    synced_at: null,
    sync_done: 0,
    sync_total: null,
    sync_error: null,
    access: true,
    ...over,
  }) as Identity;
const repo = (id: number, over: Partial<Repository> = {}): Repository =>
  ({
    id,
    '@permissions': { read: true, create_request: true, admin: true },
    ...over,
  }) as Repository;

describe('reading from a forge', () => {
  it.each([
    [{}, 'Not yet read from GitHub'],
    [{ synced_at: '2026-11-23T07:59:52.000Z' }, 'Read from GitHub just now'],
    [{ is_syncing: true }, 'Reading from GitHub'],
    [{ is_syncing: true, sync_done: 300 }, 'Reading from GitHub: 300 repositories so far'],
    [
      { is_syncing: true, sync_done: 1240, sync_total: 2000 },
      'Reading from GitHub: 1,240 of 2,000 repositories',
    ],
  ])('%j', (over, words) => expect(syncLine(identity(over), 'GitHub', NOW)).toBe(words));

  it('knows the share only with the whole', () => {
    expect(syncShare(identity({}))).toBeNull();
    expect(syncShare(identity({ is_syncing: true, sync_done: 5 }))).toBeNull();
    expect(syncShare(identity({ is_syncing: true, sync_done: 1240, sync_total: 2000 }))).toBe(62);
    expect(syncShare(identity({ is_syncing: true, sync_done: 9, sync_total: 8 }))).toBe(100);
  });
});

describe('the list of switches', () => {
  it('has the person first, then organisations by name', () => {
    const owner = (login: string, organization: boolean): ForgeOwner =>
      ({
        login,
        name: null,
        avatar_url: null,
        organization,
        forge: identity({}).forge,
        installed: null,
      }) as ForgeOwner;
    const sorted = sortOwners([owner('moss', true), owner('harbor', true), owner('zoe', false)]);
    expect(sorted.map((one) => one.login)).toEqual(['zoe', 'harbor', 'moss']);
  });

  it('shows nothing twice when the list moved between pages', () => {
    const ids = (list: Repository[]): number[] => list.map((one) => one.id);
    expect(ids(append([repo(1), repo(2)], [repo(2), repo(3)]))).toEqual([1, 2, 3]);
    expect(ids(renew([repo(1), repo(2), repo(3)], [repo(9), repo(1)]))).toEqual([9, 1, 3]);
  });

  it('says who can move a switch', () => {
    const may = { read: true, admin: false } as Repository['@permissions'];
    expect(switchBarrier(repo(1))).toBe('');
    expect(switchBarrier(repo(1, { '@permissions': may }))).toContain('administrators');
    expect(switchBarrier(repo(1, { '@permissions': { ...may, activate: true } }))).toBe('');
    expect(switchBarrier(repo(1, { gone: true }))).toContain('gone');
  });
});
