import { describe, expect, it } from 'vitest';
import {
  askedFor,
  browserName,
  doorAddress,
  safeNext,
  signInAddress,
  signInTrouble,
} from './signIn';
import { forgeLabel, hostOf } from './forges';
import { isAppPath, match } from './router';

describe('signing in', () => {
  it.each([
    ['/add', '/add'],
    ['/add?by=address', '/add?by=address'],
    ['', '/'],
    [null, '/'],
    ['//elsewhere.example', '/'],
    ['/\\elsewhere.example', '/'],
    ['https://elsewhere.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/a\tb', '/'],
    ['/\n/elsewhere.example', '/'],
  ])('takes %j as %j', (next, safe) => expect(safeNext(next)).toBe(safe));

  it('leads back to the page', () => {
    expect(signInAddress('/', '')).toBe('/sign-in');
    expect(signInAddress('/sign-in', '?error=state')).toBe('/sign-in');
    expect(signInAddress('/add', '?by=address')).toBe('/sign-in?next=%2Fadd%3Fby%3Daddress');
    expect(doorAddress('/auth/1', '/')).toBe('/auth/1');
    expect(doorAddress('/auth/1', '/setup')).toBe('/auth/1?next=%2Fsetup');
  });

  it.each(['state', 'denied', 'forge', 'not_allowed', 'else'])('has words for %s', (code) => {
    expect(signInTrouble(code).text).toMatch(/\.$/);
    expect(signInTrouble(code).next).toMatch(/\.$/);
  });

  it('says what is asked for', () => {
    const app = askedFor({ kind: 'github', label: 'GitHub', app: true });
    expect(app).toContain('only where the app is installed');
    expect(askedFor({ kind: 'github', label: 'GitHub', app: false })).toContain('can’t be had');
    expect(askedFor({ kind: 'gitea', label: 'Gitea', app: false })).toContain('We ask Gitea');
  });

  it('names browsers', () => {
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const safari =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1';
    const edge =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0';
    expect(browserName(firefox)).toBe('Firefox on Linux');
    expect(browserName(safari)).toBe('Safari on iOS');
    expect(browserName(edge)).toBe('Edge on Windows');
    expect(browserName('curl/8.0')).toBe('curl');
    expect(browserName(null)).toBe('A browser');
  });

  it('names forges', () => {
    expect(forgeLabel({ kind: 'github' })).toBe('GitHub');
    expect(forgeLabel({ kind: 'new', name: 'work' })).toBe('work');
    expect(hostOf('https://git.example.org/x')).toBe('git.example.org');
  });

  it('leaves the server’s own addresses to the server', () => {
    expect(isAppPath('/auth/1')).toBe(false);
    expect(isAppPath('/setup/app/callback')).toBe(false);
    expect(isAppPath('/setup')).toBe(true);
    expect(match('/setup').name).toBe('setup');
    expect(match('/auth/1').name).toBe('notFound');
  });
});
