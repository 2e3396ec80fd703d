// Real git repositories, and gates by which a test lets their jobs go on.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function repository(path, files, { message = 'First commit', branches = [], date, author = 'Ada' } = {}) {
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  const git = (...args) =>
    execFileSync('git', ['-C', path, '-c', `user.name=${author}`, '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: date ? { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date } : process.env,
    });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
  for (const branch of branches) git('branch', branch);
  return path;
}

export const travisYml = (script) =>
  `language: minimal\nscript:\n${script.map((line) => `  - ${JSON.stringify(line)}\n`).join('')}`;

/** A place where a job waits until the test opens it. */
export class Gate {
  constructor(place, name) {
    this.path = join(place, `gate-${name}`);
  }

  /** What the job runs to wait here. */
  get wait() {
    return `until [ -e ${this.path} ]; do sleep 0.02; done`;
  }

  open() {
    writeFileSync(this.path, '');
  }
}
