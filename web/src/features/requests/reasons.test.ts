import { describe, expect, it } from 'vitest';
import { eventWord, pieces, reasonOf, type About, type Step } from './reasons';

const push: About = { branch: 'experiment/quic', event: 'push' };
const pull: About = { branch: 'main', event: 'pull_request', pull: 418 };

describe('reasonOf', () => {
  const table: [string, About, string, Step][] = [
    // The words in use.
    ['Build skipped via commit message', push, 'No build: skipped by the commit message', 'build'],
    ['Build skipped via commit message', pull, 'No build: skipped by the commit message', 'none'],
    [
      'GitHub payload is missing a merge commit (please confirm the pull request is open and mergeable)',
      pull,
      'No build: not mergeable yet',
      'forge',
    ],
    [
      'Branch excluded per configuration',
      push,
      'No build: branch excluded by the configuration',
      'none',
    ],
    [
      'Branch not included per configuration',
      push,
      'No build: branch not named by the configuration',
      'none',
    ],
    [
      'Build type disabled via repository settings',
      push,
      'No build: switched off in Settings',
      'settings',
    ],
    [
      'Build config did not create any jobs',
      push,
      'No build: the configuration makes no job',
      'none',
    ],
    ['Could not authorize build request', push, 'No build: it may not be built here', 'none'],
    [
      'compare URL too long; branch/tag names may be too long',
      push,
      'No build: the address of the comparison is too long',
      'none',
    ],
    [
      'There is no .travis.yml at commit a3f9c21: add one and push it.',
      push,
      'No build: no .travis.yml',
      'settings',
    ],
    [
      'A newer commit came to the pull request before this one was built',
      pull,
      'No build: a newer commit came first',
      'pulls',
    ],
    [
      'The pull request was closed before it was built',
      pull,
      'No build: the pull request was closed',
      'forge',
    ],
    // The older ones.
    ['skipped through commit message', push, 'No build: skipped by the commit message', 'build'],
    ['pull requests disabled', pull, 'No build: pull requests are switched off', 'settings'],
    ['pushes disabled', push, 'No build: pushes are switched off', 'settings'],
    ['github pages branch', push, 'No build: gh-pages is left out by default', 'none'],
    [
      'branch not included or excluded',
      push,
      'No build: branch not named by the configuration',
      'none',
    ],
    [
      '.travis.yml is missing and builds without .travis.yml are disabled',
      push,
      'No build: no .travis.yml',
      'settings',
    ],
    ['private repository', push, 'No build: it may not be built here', 'none'],
    ['matrix created no jobs', push, 'No build: the configuration makes no job', 'none'],
    [
      'config is missing or contains YAML syntax error',
      push,
      'No build: .travis.yml can’t be read',
      'none',
    ],
    ['missing commit', push, 'No build: the commit is not there', 'build'],
    ['excluded repository', push, 'No build: the repository is shut out', 'none'],
  ];
  it.each(table)('%s', (message, about, title, step) => {
    const reason = reasonOf(message, about);
    expect(reason.title).toBe(title);
    expect(reason.step).toBe(step);
    expect(reason.remedy).toMatch(/\.$/);
  });

  it('names the branch and the switch', () => {
    expect(reasonOf('Branch excluded per configuration', push).remedy).toContain('experiment/quic');
    expect(reasonOf('Build type disabled via repository settings', pull).remedy).toContain(
      'Build pull requests',
    );
  });

  it('shows what it does not know as it is', () => {
    expect(
      reasonOf('the branch main is not there at file:///srv/x. Push it first.', push),
    ).toStrictEqual({
      title: 'No build: the branch main is not there at file:///srv/x',
      remedy: 'Push it first.',
      step: 'none',
    });
    expect(reasonOf('No build of it. Why not.', push).title).toBe('No build of it');
    expect(reasonOf(null, push).step).toBe('build');
  });
});

it('marks code', () => {
  expect(pieces('Name it under `branches: only:` here.')).toStrictEqual([
    { text: 'Name it under ', code: false },
    { text: 'branches: only:', code: true },
    { text: ' here.', code: false },
  ]);
});

it('has a word for each event', () => {
  expect(eventWord('pull_request')).toBe('pull request');
  expect(eventWord('merge_group')).toBe('merge group');
});
