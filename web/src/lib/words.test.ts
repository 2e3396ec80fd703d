import { describe, expect, it } from 'vitest';
import { about, ago, bytes, duration, exactDuration, until } from './time';
import { nearest } from './nearest';
import { sentence } from './sentence';
import { slugFromUrl, slugProblem, urlProblem } from '../features/add/slug';
import { nameProblem } from '../features/settings/names';
import { parseHash, toHash } from '../features/log/selection';

describe('words', () => {
  it.each([
    [0, '0 s'],
    [0.4, '0.4 s'],
    [0.02, '0.02 s'],
    [5, '5 s'],
    [48, '48 s'],
    [59.7, '1 min'],
    [128, '2 min 8 s'],
    [420, '7 min'],
    [3840, '1 h 4 min'],
    [7200, '2 h'],
  ])('%d seconds', (seconds, words) => expect(duration(seconds)).toBe(words));

  it.each([
    [3, 'about 3 s'],
    [32, 'about 30 s'],
    [58, 'about 1 min'],
    [411, 'about 7 min'],
    [4000, 'about 1 h 10 min'],
  ])('about %d seconds', (seconds, words) => expect(about(seconds)).toBe(words));

  it('says how long ago', () => {
    const now = new Date(2027, 1, 12, 15, 0, 0).getTime();
    const past = (ms: number): string => ago(new Date(now - ms).toISOString(), now);
    expect(past(2000)).toBe('just now');
    expect(past(41_000)).toBe('41 s ago');
    expect(past(120_000)).toBe('2 min ago');
    expect(past(3 * 3_600_000)).toBe('3 h ago');
    expect(past(20 * 3_600_000)).toBe('yesterday');
    expect(past(6 * 86_400_000)).toBe('6 days ago');
    expect(past(21 * 86_400_000)).toBe('3 weeks ago');
    expect(past(100 * 86_400_000)).toBe('4 Nov 2026');
    expect(ago(null, now)).toBe('');
    expect(until(new Date(now + 58 * 60_000).toISOString(), now)).toBe('58 min');
  });

  it('writes sizes and times of commands', () => {
    expect(bytes(84_000)).toBe('84 kB');
    expect(bytes(1_200_000)).toBe('1.2 MB');
    expect(bytes(999_900)).toBe('1 MB');
    expect(exactDuration(20_000_000)).toBe('0.02 s');
    expect(exactDuration(128e9)).toBe('2 min 8 s');
  });

  it.each([
    ['no such branch', 'No such branch.'],
    ['It is gone.', 'It is gone.'],
    ['', ''],
  ])('makes a sentence of %j', (text, whole) => expect(sentence(text)).toBe(whole));

  it('finds the name that was meant', () => {
    expect(nearest('harborlight/beacn', ['harborlight/beacon', 'x/y'])).toBe('harborlight/beacon');
    expect(nearest('a/b', ['harborlight/beacon'])).toBeNull();
  });

  it.each([
    ['https://git.example.org/owner/name.git', 'owner/name'],
    ['git@git.example.org:owner/name.git', 'owner/name'],
    ['ssh://git@host:2222/group/sub/name/', 'sub/name'],
    ['/srv/git/name.git', 'git/name'],
    ['https://host/name', 'local/name'],
    ['https://host/', ''],
    ['nonsense', ''],
  ])('takes %s for %s', (url, slug) => expect(slugFromUrl(url)).toBe(slug));

  it('says what is wrong, with the fix', () => {
    expect(urlProblem('/srv/x', false)).toContain('not allowed');
    expect(urlProblem('/srv/x', true)).toBe('');
    expect(urlProblem('https://u:p@host/x', false)).toContain('password');
    expect(slugProblem('a b/c')).toBe('Letters, digits, dashes, dots: a-b/c');
    expect(nameProblem('SIGNING KEY')).toBe('No spaces: SIGNING_KEY');
    expect(nameProblem('OK_1')).toBe('');
  });

  it('reads and writes the address of lines', () => {
    expect(parseHash('#L317-L320')).toEqual({ from: 317, to: 320 });
    expect(parseHash('#L320-317')).toEqual({ from: 317, to: 320 });
    expect(parseHash('#L0')).toBeNull();
    expect(parseHash('#Lx')).toBeNull();
    expect(toHash({ from: 5, to: 5 })).toBe('#L5');
  });
});
