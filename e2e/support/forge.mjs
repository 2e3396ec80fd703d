// The fake GitHub as a process of its own, and what people do on its pages.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { built, Server, within } from './server.mjs';

const run = promisify(execFile);
const CLIENT = { id: 'Ov23liEndToEnd', secret: '0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e' };

export class Forge {
  #child;

  static async start() {
    const forge = new Forge();
    // It ends with this process, whatever becomes of it: its standard input is closed then.
    forge.#child = spawn(built('fake-forge', 'FAKE_FORGE_BIN'), ['--until-stdin-closes'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: forge.#child.stdout });
    const ready = new Promise((done, fail) => {
      lines.on('line', (line) => line.startsWith('ready: ') && done(line.slice(7)));
      forge.#child.on('exit', (code) => fail(new Error(`fake-forge ended with ${code}`)));
    });
    forge.url = await within(30_000, 'the fake forge', ready);
    return forge;
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await within(10_000, 'the end of the fake forge', ended);
  }

  async #call(method, path, body) {
    const response = await fetch(`${this.url}/_fake/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} at the fake forge: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Any control; `slug` is the repository it is about. */
  post(path, body, slug) {
    const [owner, name] = slug?.split('/') ?? [];
    return this.#call('POST', path, slug ? { owner, name, ...body } : body);
  }

  user(login, more = {}) {
    return this.post('users', { login, ...more });
  }

  /** A repository with files, or an empty one. Answers its first commit. */
  async repo(slug, files = {}, more = {}) {
    return (await this.post('repos', { files, ...more }, slug)).sha;
  }

  /** A commit pushed by somebody. Answers it. */
  async commit(slug, files, { branch = 'main', message = 'A change', as } = {}) {
    return (await this.post('commit', { branch, files, message, as }, slug)).sha;
  }

  /** A pull request from `login:branch`. Answers its number. */
  async pull(slug, head, title) {
    return (await this.post('pull', { head, as: head.split(':')[0], title }, slug)).number;
  }

  state() {
    return this.#call('GET', 'state');
  }

  async #row(slug) {
    return (await this.state()).repos.find((row) => row.full_name === slug);
  }

  async statuses(slug, sha) {
    return (await this.#row(slug)).statuses[sha] ?? [];
  }

  async checks(slug, sha) {
    return (await this.#row(slug)).checks.filter((check) => check.head_sha === sha);
  }

  /** Pushes a local repository with git over HTTP, in somebody's name. Answers what was pushed. */
  async push(path, slug, login, branch = 'main') {
    const { token } = await this.post('token', { login });
    const remote = new URL(`/${slug}.git`, this.url);
    Object.assign(remote, { username: login, password: token });
    const git = (...args) => run('git', ['-C', path, ...args], { timeout: 30_000 });
    await git('push', '--quiet', remote.href, branch);
    return (await git('rev-parse', branch)).stdout.trim();
  }

  /** A server that is configured with a plain OAuth App of this forge. */
  async serverWithOAuth(options = {}) {
    const toml = (place) => {
      const file = join(place, 'client-secret');
      writeFileSync(file, CLIENT.secret, { mode: 0o600 });
      const lines = {
        kind: 'github',
        name: 'github',
        web_url: this.url,
        client_id: CLIENT.id,
        client_secret_file: file,
      };
      return ['[[forge]]', ...Object.entries(lines).map(([key, text]) => `${key} = "${text}"`), ''].join('\n');
    };
    const server = await Server.start({ toml, ...options });
    await this.post('oauth_app', {
      name: 'Travis',
      callback_url: `${server.url}/auth/1/callback`,
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
    });
    return server;
  }
}

/** Agrees on the forge's page of consent, which the page is led to. */
export async function agree(page, login) {
  await page.getByRole('button', { name: `Authorize as ${login}` }).click();
}

/** Signs in by the forge and waits until its repositories are known. */
export async function signInAs(page, server, login, next = '/account') {
  await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByRole('link', { name: 'Sign in with GitHub' }).click();
  await agree(page, login);
  await page.getByRole('button', { name: `Account of ${login}` }).waitFor();
  await server.until(`the repositories of ${login}`, () => synced(page));
}

/** Whether everything that the person sees at the forge has been read. */
export function synced(page) {
  return page.evaluate(async () => {
    const { identities } = await (await fetch('/v3/user')).json();
    return identities.length > 0 && identities.every((one) => one.synced_at && !one.is_syncing);
  });
}
