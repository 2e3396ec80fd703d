// The installation that the pictures are taken of: always the same names, builds and people, made
// by the real server, a real forge beside it and a second machine that is lent.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openPage, signIn } from './browser.mjs';
import { Forge, signInAs } from './forge.mjs';
import { Gate, repository, travisYml } from './repository.mjs';
import { Server } from './server.mjs';
import { Worker } from './worker.mjs';

export const BEACON = 'harborlight/beacon';
const REPO = `/v3/repo/${encodeURIComponent(BEACON)}`;
/** Pages that are the same wherever they are opened. */
const SAME = { timezoneId: 'UTC', locale: 'en-GB' };
const OVER = ['passed', 'failed', 'errored', 'canceled'];
const ESC = '\\033';
const green = (name) => `printf 'test ${name} ... ${ESC}[32mok${ESC}[0m\\n'`;

const junit = (broken) => `<?xml version="1.0"?><testsuites><testsuite name="lease">
<testcase classname="lease.Handshake" name="announces itself within a second" time="0.512"/>
<testcase classname="lease.Handshake" name="survives a lost first packet" time="1.75">${broken ? '<failure message="lease must be granted on the second try">left: Refused, right: Granted</failure>' : ''}</testcase>
<testcase classname="lease.Cluster" name="three nodes agree on a leader" time="2.25"/>
<testcase classname="lease.Cluster" name="heals a partition" time="4.5"/>
<testcase classname="lease.Printer" name="prints"><skipped message="no printer"/></testcase>
</testsuite></testsuites>
`;

/** How beacon is tested; `more` stands at the end of its file. */
const beaconYml = (more = '') => `language: minimal
cache:
  directories: [vendor]
script:
  - ${green('clock::skew_is_bounded')}
  - ${green('handshake::survives_duplicate_ack')}
  - ./check
results:
  tests: reports/*.xml
  artifacts: out
after_script: mkdir -p out && echo 'covered 91 %' > out/coverage.txt
${more}`;
const CHECK_PASSES = `#!/bin/sh
mkdir -p vendor && echo kept > vendor/kept
printf 'test handshake::survives_lost_first_packet ... ${ESC}[32mok${ESC}[0m\\n'
`;
const CHECK_FAILS = `#!/bin/sh
printf 'test handshake::survives_lost_first_packet ... ${ESC}[31mFAILED${ESC}[0m\\n\\n'
printf -- '---- handshake::survives_lost_first_packet stdout ----\\n'
printf "thread 'handshake' panicked at src/handshake.rs:241:5:\\n"
printf 'assertion left == right failed: lease must be granted on the second try\\n'
printf '  left: ${ESC}[35mRefused${ESC}[0m { retry_after: 250ms }\\n'
printf ' right: ${ESC}[35mGranted${ESC}[0m { ttl: 15s }\\n'
exit 1
`;

/** The build of stages that runs while pictures are taken. */
const stagesYml = (gate) => `language: minimal
stages: [lint, test, package, deploy]
env:
  jobs: [FEATURES=tls, "FEATURES=tls,mdns"]
script:
  - ${green('clock::skew_is_bounded')}
  - ${green('handshake::survives_duplicate_ack')}
  - ${green('registry::evicts_after_three_misses')}
  - printf 'three nodes agree within a second\\nlease handshake, 400 of 1,000 rounds\\n'; if [ "$FEATURES" != tls ]; then ${gate.wait}; fi
sudo: required
jobs:
  allow_failures:
    - name: Nightly
  include:
    - stage: lint
      name: Format and lint
      env: CHECK=format
      script: 'true'
    - stage: lint
      name: Documentation
      env: CHECK=docs
      script: 'true'
    - stage: test
      name: On FreeBSD
      os: freebsd
      env: FEATURES=tls
    - stage: test
      name: Nightly
      env: CHANNEL=nightly
      script: 'false'
    - stage: package
      name: Debian package
      env: TARGET=deb
      script: 'true'
    - stage: deploy
      name: Publish
      env: TARGET=crate
      script: 'true'
`;

/** A hash that depends on its name alone. */
const named = (name) => createHash('sha1').update(name).digest('hex');

export class Scene {
  /** What is random in this run, and what is shown in its place. */
  words = [];
  ids = {};

  static async start(browser) {
    const scene = new Scene();
    try {
      await scene.#make(browser);
    } catch (error) {
      await scene.stop();
      throw error;
    }
    return scene;
  }

  async stop() {
    this.gate?.open();
    await this.worker?.stop();
    await this.server?.stop();
    await this.forge?.stop();
  }

  async #make(browser) {
    const forge = (this.forge = await Forge.start());
    await forge.user('kestrel', { name: 'Kestrel Hale' });
    const team = { collaborators: { kestrel: 'admin', pixelmoth: 'write', junebug: 'write' } };
    const first = await forge.repo(BEACON, { '.travis.yml': beaconYml(), 'reports/lease.xml': junit(false), check: CHECK_PASSES }, team);
    await forge.repo('kestrel/windvane', { '.travis.yml': travisYml(['true']) });
    await forge.repo('kestrel/dotpress', { '.travis.yml': travisYml(['true']) });
    await forge.repo('kestrel/plinth', { 'readme.md': 'Keyboard layout\n' });
    const server = (this.server = await forge.serverWithOAuth({ slots: 4 }));
    this.addresses = [[server.url, 'https://ci.harborlight.example'], [forge.url, 'https://github.example'], [server.place, '/srv/git']];
    this.words.push(...this.addresses.slice(1));
    this.#commit(first, 'first');

    // The operator by the one-time link, the maintainer by the forge, and nobody.
    this.operator = await openPage(browser, SAME);
    await signIn(this.operator, server);
    this.page = await openPage(browser, SAME);
    await signInAs(this.page, server, 'kestrel', '/account');
    this.visitor = await openPage(browser, SAME);
    for (const slug of [BEACON, 'kestrel/windvane']) await this.#as('POST', `/v3/repo/${encodeURIComponent(slug)}/activate`, {});

    await server.api('PATCH', '/v3/worker/1', { name: 'oak-1' });
    this.gate = new Gate(server.place, 'scene');
    await this.#others();
    await this.#beacon();
    await this.#settings();
    await this.#run();
    // After all builds, so that it is always the same machine that did them.
    await this.#lend();
  }

  /** A call in the maintainer's name. */
  #as(method, path, body) {
    return this.page.evaluate(
      async ([method, path, body]) => {
        const headers = { 'Content-Type': 'application/json', 'X-Requested-With': 'fetch' };
        const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        return text ? JSON.parse(text) : null;
      },
      [method, path, body],
    );
  }

  #commit(sha, name) {
    this.words.push([sha, named(name)], [sha.slice(0, 7), named(name).slice(0, 7)]);
    return sha;
  }

  /** Repositories that are known by their address. */
  async #others() {
    const { server } = this;
    const simple = (...script) => ({ '.travis.yml': travisYml(script) });
    const all = {
      'quietcircuit/solder': [simple('true'), 'Name the pads'],
      'tidewater/ledger': [simple('true'), 'Round half to even'],
      'mossworks/spore': [{ '.travis.yml': 'language: python\npython:\n  - "3.12"\n  - "3.13"\n   - "3.14"\nscript: pytest -q\n' }, 'Test on two more Pythons'],
      'papercrane/fold': [simple("printf 'corner differs\\n'", 'false'), 'Fold along the diagonal'],
      'mossworks/fern': [simple('true'), 'Draw leaves in one pass'],
    };
    const started = [];
    for (const [slug, [files, message]] of Object.entries(all)) {
      await server.add(slug, repository(join(server.place, slug), files, { message, date: '2027-02-11T09:00:00Z' }));
      started.push(await this.#asked(slug));
    }
    await server.add('quietcircuit/hum', repository(join(server.place, 'quietcircuit/hum'), { '.travis.yml': 'language: minimal\nos: freebsd\nscript: true\n' }, { message: 'Hum in tune', date: '2027-02-11T09:00:00Z' }));
    await this.#asked('quietcircuit/hum');
    await server.add('tidewater/almanac', repository(join(server.place, 'tidewater/almanac'), simple('true'), { message: 'Not built yet', date: '2027-02-11T09:00:00Z' }));
    for (const slug of started) await this.#over(slug);
  }

  /** Asks for a build by hand. */
  async #asked(slug) {
    const id = encodeURIComponent(slug);
    const { request } = await this.server.api('POST', `/v3/repo/${id}/requests`, {});
    await this.server.until(`the build of ${slug}`, async () => (await this.server.api('GET', `/v3/repo/${id}/request/${request.id}`)).builds?.length);
    return slug;
  }

  #over(slug) {
    return this.server.until(`the end of ${slug}`, async () => {
      const { builds } = await this.server.api('GET', `/v3/repo/${encodeURIComponent(slug)}/builds`);
      return builds.every((build) => OVER.includes(build.state)) && builds;
    });
  }

  /** A push to beacon; answers its build, when it is planned. */
  async #push(name, files, { built = true, ...how } = {}) {
    const sha = this.#commit(await this.forge.commit(BEACON, files, how), name);
    return this.server.until(`what came of ${name}`, async () => {
      const { requests } = await this.server.api('GET', `${REPO}/requests`);
      const request = requests.find((one) => one.sha === sha);
      if (!built) return request && request.state !== 'pending' && request;
      const build = request?.builds?.[0];
      const whole = build && (await this.server.api('GET', `/v3/build/${build.id}`));
      return whole && (whole.jobs?.length || OVER.includes(whole.state)) ? whole : null;
    });
  }

  async #beacon() {
    const { forge, server, ids } = this;
    const passed = await this.#push('mdns', { 'a.txt': 'a' }, { message: 'Answer on every interface, not only the first', as: 'pixelmoth' });
    ids.passed = (await server.over(passed)).id;
    ids.passedJob = passed.jobs[0].id;
    const failed = await this.#push('grace', { check: CHECK_FAILS, 'reports/lease.xml': junit(true) }, { branch: 'mdns-rewrite', message: 'Try a smaller grace period', as: 'junebug' });
    ids.failed = (await server.over(failed)).id;
    ids.failedJob = failed.jobs[0].id;
    await server.over(await this.#push('pin', { check: CHECK_PASSES, 'reports/lease.xml': junit(false) }, { branch: 'release-0.14', message: 'Pin the wire version in the changelog', as: 'junebug' }));
    const errored = await this.#push('bump', { '.travis.yml': 'language: python\npython:\n  - "3.12"\n  - "3.13"\n   - "3.14"\nscript: pytest -q\n' }, { branch: 'toolchain-bump', message: 'Move to a newer toolchain', as: 'kestrel' });
    ids.errored = (await server.over(errored)).id;
    await this.#push('typo', { 'b.txt': 'b' }, { message: 'Fix a typo in the changelog [skip ci]', as: 'kestrel', built: false });
    const stopped = await this.#push('bench', { '.travis.yml': `language: minimal\nscript: ${this.gate.wait}\n` }, { branch: 'bench-lease', message: 'Measure clock skew once a minute', as: 'pixelmoth' });
    await server.api('POST', `/v3/build/${stopped.id}/cancel`, {});
    await server.over(stopped);
    const config = await this.#push('words', { '.travis.yml': `${beaconYml()}sudo: required\nlangauge: rust\nnotifications:\n  email: false\n` }, { branch: 'docs-quickstart', message: 'Shorten the first page', as: 'kestrel' });
    ids.config = (await server.over(config)).id;
    // Somebody who was here before, from a fork, and somebody new.
    await forge.post('fork', { as: 'reedling' }, BEACON);
    this.#commit(await forge.commit('reedling/beacon', { 'local.txt': 'x', check: CHECK_PASSES }, { branch: 'link-local', message: 'Support link-local addresses', as: 'reedling' }), 'link');
    await forge.pull(BEACON, 'reedling:link-local', 'Support link-local addresses');
    const held = await server.until('the stranger’s request', async () => {
      const { requests } = await server.api('GET', `${REPO}/requests`);
      return requests.find((one) => one.held_at);
    });
    await this.#as('POST', `${REPO}/request/${held.id}/approve`, { secrets: false });
    await server.until('the build of the pull request', async () => {
      const { builds } = await server.api('GET', `${REPO}/builds?build.event_type=pull_request`);
      return builds[0]?.finished_at;
    });
    await forge.post('fork', { as: 'bramble' }, BEACON);
    this.#commit(await forge.commit('bramble/beacon', { 'msrv.txt': 'x' }, { branch: 'msrv', message: 'Bump the minimum', as: 'bramble' }), 'msrv');
    await forge.pull(BEACON, 'bramble:msrv', 'Bump the minimum version of the compiler to the one of last summer');
    await server.until('the second stranger’s request', async () => {
      const { requests } = await server.api('GET', `${REPO}/requests`);
      return requests.some((one) => one.held_at && one.approvals.length === 0);
    });
  }

  /** Builds main by the clock. It asks for the first time a minute later, so late in the play. */
  cron() {
    return this.server.api('POST', `${REPO}/branch/main/cron`, { interval: 'daily', dont_run_if_recent_build_exists: true });
  }

  async #newest(what) {
    const all = (await this.server.api('GET', `${REPO}/${what}`))[what];
    return Math.max(...all.map((one) => one.id));
  }

  async #lend() {
    const { server } = this;
    const { token } = await this.#as('POST', '/v3/workers/enrolment_token', { lending: { only_when_idle: false, only_on_mains: false, only_unmetered: false } });
    this.worker = new Worker(server, 'rainy-day', { token, executor: 'namespace' });
    this.ids.worker = await server.until('the first words of the lent machine', async () => {
      const { workers } = await server.api('GET', '/v3/workers');
      const one = workers.find((worker) => worker.name === 'rainy-day');
      return one && one.record.known_passed >= one.record.known_wanted && one.running.length === 0 && one.id;
    });
  }

  async #settings() {
    const { server } = this;
    for (const one of [
      { name: 'BEACON_LOG', value: 'debug', public: true },
      { name: 'REGISTRY_TOKEN', value: 'a-secret-of-beacon', public: false, branch: 'main' },
    ]) await server.api('POST', `${REPO}/env_vars`, one);
    await this.#as('POST', `${REPO}/star`);
  }

  /** Starts the build that runs while pictures are taken, and waits until it stands still. */
  async #run() {
    const { server, ids } = this;
    const build = await this.#push('lease', { '.travis.yml': stagesYml(this.gate) }, { message: 'Retry the lease handshake when the first packet is lost', as: 'kestrel' });
    ids.running = build.id;
    const still = await server.until('the build that runs', async () => {
      const now = await server.api('GET', `/v3/build/${build.id}`);
      const states = now.jobs.map((job) => job.state).join(' ');
      return states === 'passed passed passed started queued failed created created' && now;
    });
    ids.runningJob = still.jobs[3].id;
    this.newest = { build: build.id, request: await this.#newest('requests'), delivery: await this.#newest('deliveries') };
    await server.until('its last lines', async () => {
      const { lines } = await server.api('GET', `/v3/job/${ids.runningJob}/log/lines?first=1&count=400`);
      return JSON.stringify(lines).includes('400 of 1,000');
    });
  }
}
