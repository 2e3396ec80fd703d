import { describe, expect, it } from 'vitest';
import {
  accessWords,
  applicationsPage,
  callbackAddress,
  callbackOf,
  forgeAddressProblem,
  openStep,
  organizationProblem,
  setupTrouble,
} from './words';

const nothing = { forge: false, signed_in: false, repository: false, worker: false, build: false };

describe('set-up', () => {
  it('opens the first step that is not done', () => {
    expect(openStep(nothing, undefined)).toBe('forge');
    expect(openStep({ ...nothing, forge: true }, undefined)).toBe('signed_in');
    // The machine that serves builds as well: a later step may be done before an earlier one.
    expect(openStep({ ...nothing, forge: true, signed_in: true, worker: true }, undefined)).toBe(
      'repository',
    );
    expect(
      openStep(
        { forge: true, signed_in: true, repository: true, worker: true, build: false },
        undefined,
      ),
    ).toBeNull();
  });

  it('opens what was chosen, or nothing', () => {
    expect(openStep(nothing, 'worker')).toBe('worker');
    expect(openStep(nothing, null)).toBeNull();
  });

  it('says what is wrong with an address', () => {
    expect(forgeAddressProblem('https://git.example.org')).toBe('');
    expect(forgeAddressProblem('https://git.example.org/forge')).toBe('');
    expect(forgeAddressProblem('')).toContain('Give the address');
    expect(forgeAddressProblem('git.example.org')).toBe('Begin with https://');
    expect(forgeAddressProblem('ssh://git.example.org')).toBe('Begin with https://');
    expect(forgeAddressProblem('https://u:p@git.example.org')).toContain('password');
    expect(forgeAddressProblem('https://git.example.org/a?b=1')).toBe(
      'Nothing after the path: https://git.example.org/a',
    );
  });

  it('takes the name of an organisation out of its address', () => {
    expect(organizationProblem('')).toBe('');
    expect(organizationProblem('harborlight')).toBe('');
    expect(organizationProblem('https://github.com/harborlight/')).toBe(
      'Its name only: harborlight',
    );
    expect(organizationProblem('harbor light')).toBe('Letters, digits and dashes');
  });

  it('knows the way back', () => {
    const setup = { public_url: 'https://ci.example.org/', forges: [{ id: 2 }, { id: 7 }] };
    expect(callbackAddress(setup, 'github')).toBe('https://ci.example.org/auth');
    expect(callbackAddress(setup, 'gitea')).toBe('https://ci.example.org/auth/8/callback');
    expect(callbackAddress({ ...setup, forges: [] }, 'gitlab')).toBe(
      'https://ci.example.org/auth/1/callback',
    );
    expect(callbackOf(setup, { id: 7 })).toBe('https://ci.example.org/auth/7/callback');
  });

  it('names the page where an application is made', () => {
    expect(applicationsPage('github', 'https://github.com/')).toBe(
      'https://github.com/settings/applications/new',
    );
    expect(applicationsPage('gitlab', 'https://gitlab.com')).toContain('/-/user_settings/');
    expect(applicationsPage('gitea', 'https://git.example.org')).toBe(
      'https://git.example.org/user/settings/applications',
    );
  });

  it('says who may', () => {
    expect(accessWords([], 'everybody')).toBe('everybody');
    expect(accessWords(['ada', 'org:harborlight'], 'everybody')).toBe(
      'ada, members of harborlight',
    );
    expect(accessWords(['a', 'b', 'c', 'd', 'e', 'f', 'g'], '')).toBe('a, b, c, d, e and 2 more');
  });

  it('passes on what the server says in words', () => {
    expect(setupTrouble('the App was made without a hook; make it again').next).toBe(
      'The App was made without a hook; make it again.',
    );
    expect(setupTrouble('a '.repeat(400)).next.length).toBeLessThan(330);
  });

  it.each(['state', 'denied', 'forge', 'exists', 'else'])('has words for %s', (code) => {
    expect(setupTrouble(code).text).toMatch(/\.$/);
    expect(setupTrouble(code).next).toMatch(/\.$/);
  });
});
