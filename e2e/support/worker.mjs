// A second machine: a worker of its own, by the real binary.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { built, within } from './server.mjs';

export class Worker {
  #child;
  errors = '';

  /** Starts a worker with a token, as its owner would on another machine. */
  constructor(server, name, { token, executor = 'host', slots = 1, args = [] } = {}) {
    const data = join(server.place, `worker-${name}`);
    const env = { ...process.env, XDG_CONFIG_HOME: join(server.place, 'config'), NO_COLOR: '1' };
    delete env.TRAVIS_ENDPOINT;
    delete env.TRAVIS_TOKEN;
    this.data = data;
    this.#child = spawn(
      built('travis', 'TRAVIS_BIN'),
      [
        'worker',
        ...['--server', server.url, '--data', data, '--name', name],
        ...['--executor', executor, '--slots', String(slots), '--allow-local-git'],
        ...(token ? ['--token', token] : []),
        ...args,
      ],
      { env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.errors += text));
  }

  get gone() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** When the program has ended by itself. */
  async ended(ms = 30_000) {
    if (!this.gone) await within(ms, `the end of the worker\n${this.errors}`, once(this.#child, 'exit'));
  }

  async stop() {
    if (this.gone) return;
    const end = once(this.#child, 'exit');
    // The second signal leaves at once.
    this.#child.kill('SIGTERM');
    this.#child.kill('SIGTERM');
    await within(10_000, 'the end of the worker', end).catch(async () => {
      this.#child.kill('SIGKILL');
      await end;
    });
  }
}
