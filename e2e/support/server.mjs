// The real binary, started on a data directory of its own and any free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');

/** A program of this project, in the place that the environment names or where cargo puts it. */
export function built(name, variable) {
  const places = [
    process.env[variable],
    process.env.TRAVIS_BIN && join(dirname(process.env.TRAVIS_BIN), name),
    process.env.CARGO_TARGET_DIR && join(process.env.CARGO_TARGET_DIR, 'debug', name),
    join(ROOT, 'target/debug', name),
    join(ROOT, 'target/release', name),
  ];
  const found = places.filter(Boolean).find((place) => existsSync(place));
  if (!found) throw new Error(`no ${name}: run cargo build --workspace --bins, or set ${variable}`);
  return resolve(found);
}

/** Rejects when the promise is not settled in time; names what was waited for. */
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Server {
  #place;
  #child;
  #args;

  static async start({ executor = 'host', sample = false, slots = 2, bind = '127.0.0.1:0', toml = '' } = {}) {
    const server = new Server();
    server.#place = await mkdtemp(join(tmpdir(), 'travis-e2e-'));
    await mkdir(join(server.#place, 'data'));
    const text = typeof toml === 'function' ? toml(server.#place) : toml;
    await writeFile(join(server.#place, 'data/travis.toml'), text);
    server.#args = ['--allow-local-git', '--executor', executor, '--slots', String(slots)];
    if (!sample) server.#args.push('--no-sample');
    await server.#spawn(bind);
    return server;
  }

  /** A directory for repositories, gates and downloads; removed with the server. */
  get place() {
    return this.#place;
  }

  async #spawn(bind) {
    const data = join(this.#place, 'data');
    const env = { ...process.env, XDG_CONFIG_HOME: join(this.#place, 'config'), NO_COLOR: '1' };
    delete env.TRAVIS_ENDPOINT;
    delete env.TRAVIS_TOKEN;
    this.#child = spawn(built('travis', 'TRAVIS_BIN'), ['up', '--data', data, '--bind', bind, ...this.#args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.errors = '';
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.errors += text));
    const lines = createInterface({ input: this.#child.stdout });
    const ready = new Promise((done, fail) => {
      lines.on('line', (line) => line.startsWith('ready: ') && done(line.slice(7)));
      this.#child.on('exit', (code) => fail(new Error(`travis up ended with ${code}\n${this.errors}`)));
    });
    this.url = await within(30_000, 'ready', ready);
    this.link = /Sign in\s+(\S+)/.exec(this.errors)?.[1] ?? '';
    this.token = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
  }

  async #end(signal) {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await within(30_000, `the end by ${signal}`, ended);
  }

  /** SIGKILL, as a power cut would. */
  kill() {
    return this.#end('SIGKILL');
  }

  /** Starts again on the same data and address. */
  async again() {
    await this.#spawn(new URL(this.url).host);
  }

  async stop() {
    await this.#end('SIGTERM').catch(() => this.#end('SIGKILL'));
    await rm(this.#place, { recursive: true, force: true, maxRetries: 5 });
  }

  async api(method, path, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `token ${this.token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  add(slug, path) {
    return this.api('POST', '/v3/repos', { slug, clone_url: path });
  }

  /** Asks for a build and answers it once it is planned. */
  async build(slug, demand = {}) {
    const id = encodeURIComponent(slug);
    const { request } = await this.api('POST', `/v3/repo/${id}/requests`, demand);
    return this.until(`request ${request.id} of ${slug}`, async () => {
      const now = await this.api('GET', `/v3/repo/${id}/request/${request.id}`);
      const build = now.builds?.[0];
      if (!build) return null;
      const whole = await this.api('GET', `/v3/build/${build.id}`);
      return whole.jobs?.length ? whole : null;
    });
  }

  over(build) {
    return this.until(`the end of build ${build.number}`, async () => {
      const now = await this.api('GET', `/v3/build/${build.id}`);
      return ['passed', 'failed', 'errored', 'canceled'].includes(now.state) ? now : null;
    });
  }

  /** Asks until there is an answer. The pause between two questions only spares the processor. */
  async until(what, ask, ms = 60_000) {
    const end = Date.now() + ms;
    for (;;) {
      const answer = await ask();
      if (answer) return answer;
      if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
      await new Promise((next) => setTimeout(next, 20));
    }
  }
}
