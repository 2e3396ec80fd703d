import { describe, expect, it } from 'vitest';
import { href, isAppPath, match, PATTERNS, slugParts } from './router';

describe('router', () => {
  it.each([
    ['/', 'home'],
    ['/active', 'active'],
    ['/workers/new', 'workerNew'],
    ['/workers/7', 'worker'],
    ['/harborlight/beacon', 'repo'],
    ['/harborlight/beacon/', 'repo'],
    ['/harborlight/beacon/builds', 'builds'],
    ['/harborlight/beacon/builds/12', 'build'],
    ['/harborlight/beacon/builds/12/config', 'config'],
    ['/harborlight/beacon/builds/12/tests', 'buildTests'],
    ['/harborlight/beacon/jobs/12/tests', 'jobTests'],
    ['/harborlight/beacon/jobs/12/artifacts', 'jobArtifacts'],
    ['/harborlight/beacon/jobs/9/attempts', 'jobAttempts'],
    ['/harborlight/beacon/pull_requests', 'pulls'],
    ['/harborlight/beacon/requests', 'requests'],
    ['/harborlight/beacon/requests/deliveries', 'deliveries'],
    ['/a/b/c/d', 'notFound'],
    ['/harborlight', 'owner'],
    ['/harborlight/beacon/caches', 'caches'],
    ['/admin', 'admin'],
  ])('%s is %s', (path, name) => expect(match(path).name).toBe(name));

  it('reads parameters by their type', () => {
    expect(match('/o/n/jobs/42').params).toEqual({ owner: 'o', name: 'n', id: 42 });
    expect(match('/o/n%20m').params).toEqual({ owner: 'o', name: 'n m' });
  });

  it('takes no number for a word, nor a page for an owner', () => {
    for (const path of [
      '/o/n/jobs/x',
      '/o/n/jobs/0',
      '/o/n/jobs/-1',
      '/workers/old',
      '/account/x',
      '/%E0%A4%A/x',
    ]) {
      expect(match(path).name, path).toBe('notFound');
    }
  });

  it('goes round: what href writes, match reads', () => {
    for (const name of Object.keys(PATTERNS) as (keyof typeof PATTERNS)[]) {
      const params = { owner: 'ow ner', name: 'na.me', login: 'ow ner', id: 5 };
      const path = (href as (name: string, params: unknown) => string)(name, params);
      expect(match(path).name).toBe(name);
    }
  });

  it('leaves what is the server’s to the server', () => {
    for (const path of ['/v3/repos', '/sign-in/abc', '/o/n.svg', '/openapi.json', '/assets/x.js']) {
      expect(isAppPath(path), path).toBe(false);
    }
    expect(isAppPath('/sign-in')).toBe(true);
    expect(slugParts('a/b')).toEqual({ owner: 'a', name: 'b' });
  });
});
