// What is done with the stand-in for GitHub, once in the network of our own: see
// tests/emulate.test.mjs. It has no statuses and no git, so jobs check nothing out; and it does not
// list the installations of Apps that a person reaches, so nobody can sign in by an App there.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmulator } from 'emulate';
import { Server } from './server.mjs';

const FORGE = 'http://127.0.0.1:4001';
const BIND = '127.0.0.1:8080';
const CLIENT = { client_id: 'Ov23liEmulator', client_secret: '0123456789abcdef0123456789abcdef01234567' };
const TOKEN = 'gho_a_token_of_ada';
const YAML = 'language: generic\ngit: {clone: false}\nscript: echo built for a stand-in\n';

/** Looks until there is something. */
async function until(what, look) {
  const end = Date.now() + 40_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** A call of the stand-in's API. */
async function github(method, path, body, token = TOKEN) {
  const answer = await fetch(FORGE + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

const write = (path, text, branch = 'main', more = {}) =>
  github('PUT', `/repos/ada/rocket/contents/${path}`, {
    message: `Write ${path}`,
    content: Buffer.from(text).toString('base64'),
    branch,
    ...more,
  });

/** Signs in as a browser does; answers calls in that person's name. */
async function signIn(server) {
  const go = (url, options) => fetch(url, { redirect: 'manual', ...options });
  const leave = await go(`${server.url}/auth/1?next=/account`);
  const browser = leave.headers.get('set-cookie').split(';')[0];
  const page = await (await go(leave.headers.get('location'))).text();
  const forms = page.match(/<form[\s\S]*?<\/form>/g);
  const own = forms.find((form) => form.includes('name="login" value="ada"'));
  const fields = [...own.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const form = new URLSearchParams(fields.map(([, name, value]) => [name, value.replaceAll('&amp;', '&')]));
  const agreed = await go(`${FORGE}/login/oauth/callback`, { method: 'POST', body: form });
  const home = await go(agreed.headers.get('location'), { headers: { cookie: browser } });
  assert.equal(home.headers.get('location'), '/account', `${agreed.headers.get('location')}: ${home.status}`);
  const cookie = home.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const call = async (method, path, body) => {
    const answer = await fetch(server.url + path, {
      method,
      headers: { cookie, 'x-requested-with': 'fetch', 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const value = await answer.json().catch(() => null);
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(value)}`);
    return value;
  };
  await until('the list of repositories', async () => {
    const [identity] = (await call('GET', '/v3/user')).identities;
    assert.equal(identity.sync_error, null);
    return identity.synced_at && !identity.is_syncing;
  });
  return call;
}

/** Starts the stand-in and a server that knows it; ends both. */
async function together(work) {
  const place = await mkdtemp(join(tmpdir(), 'travis-emulate-'));
  const emulator = await createEmulator({
    service: 'github',
    port: 4001,
    baseUrl: FORGE,
    seed: {
      tokens: { [TOKEN]: { login: 'ada', scopes: ['repo', 'admin:repo_hook', 'read:org'] } },
      github: {
        users: [{ login: 'ada', name: 'Ada', email: 'ada@example.org' }],
        repos: [{ owner: 'ada', name: 'rocket', auto_init: true }],
        oauth_apps: [{ ...CLIENT, name: 'Travis', redirect_uris: [`http://${BIND}/auth/1/callback`] }],
      },
    },
  });
  let server;
  try {
    const toml = [
      '[[forge]]',
      'kind = "github"',
      'name = "stand-in"',
      `web_url = "${FORGE}"`,
      `api_url = "${FORGE}"`,
      `client_id = "${CLIENT.client_id}"`,
      `client_secret_file = "${join(place, 'client-secret')}"`,
    ];
    await writeFile(join(place, 'client-secret'), CLIENT.client_secret, { mode: 0o600 });
    server = await Server.start({ bind: BIND, toml: toml.join('\n') });
    await work(server);
  } catch (error) {
    if (server) console.error(server.errors);
    throw error;
  } finally {
    await server?.stop();
    await emulator.close();
    await rm(place, { recursive: true });
  }
}

const finished = (call, what, fits) =>
  until(what, async () => {
    const { builds } = await call('GET', '/v3/repo/ada%2Frocket/builds');
    return builds.find((build) => fits(build) && ['passed', 'failed', 'errored'].includes(build.state));
  });

await together(async (server) => {
  const call = await signIn(server);
  const row = await call('POST', '/v3/repo/ada%2Frocket/activate', {});
  const hooks = await github('GET', '/repos/ada/rocket/hooks');
  assert.deepEqual(
    hooks.map((hook) => hook.config.url),
    [`http://${BIND}/ping/${row.id}`],
  );
  const { commit } = await write('.travis.yml', YAML);
  const build = await finished(call, 'the build of a push', (one) => one.event_type === 'push');
  assert.equal(build.state, 'passed');
  assert.equal(build.commit.sha, commit.sha);
  const { deliveries } = await call('GET', '/v3/repo/ada%2Frocket/deliveries');
  assert.ok(deliveries.some((one) => one.event === 'push' && one.state === 'done'), JSON.stringify(deliveries));
  // It knows no statuses: that is said, and holds nothing up.
  await until('the word that could not be said', async () => {
    const { reported } = await call('GET', `/v3/build/${build.id}`);
    return ['failed', 'waiting'].includes(reported?.state) && reported.error;
  });

  await github('POST', '/repos/ada/rocket/git/refs', { ref: 'refs/heads/patch', sha: commit.sha });
  await write('patch.txt', 'a patch', 'patch');
  await github('POST', '/repos/ada/rocket/pulls', { title: 'A patch', head: 'patch', base: 'main' });
  const request = await until('the pull request', async () => {
    const { requests } = await call('GET', '/v3/repo/ada%2Frocket/requests');
    return requests.find((one) => one.event_type === 'pull_request' && one.state !== 'pending');
  });
  assert.equal(request.pull_request.number, 1);
  assert.equal(request.pull_request.author_login, 'ada');
  // There are no refs to merges either, so it is looked at and not built.
  assert.match(request.message, /refs\/pull\/1\/merge/);
});
