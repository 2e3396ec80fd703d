// Tests and artifacts of real builds: one that passes, one that runs and then fails. What a log tells
// shows while the job runs; files come when it is over. With SHOTS=DIR the pictures are kept.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, openBrowser, openPage, PHONE, sees, signIn } from '../support/browser.mjs';
import { Gate, repository } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

const names = ['skew_is_bounded', 'survives_duplicate_ack', 'survives_lost_first_packet', 'evicts_after_three_misses'];
const log = (broken) => `     Running unittests src/lib.rs (target/debug/deps/lease-5d1f0c9e)

running 4 tests
${names.map((name) => `test handshake::${name} ... ${name === broken ? 'FAILED' : 'ok'}`).join('\n')}
`;
const rest = (broken) =>
  broken
    ? `
failures:

---- handshake::${broken} stdout ----

thread 'handshake::${broken}' panicked at src/lease.rs:241:5:
assertion \`left == right\` failed: lease must be granted on the second try
  left: Refused
 right: Granted

test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.12s
`
    : '\ntest result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.12s\n';
const junit = (broken) => `<?xml version="1.0"?><testsuites><testsuite name="web">
<testcase classname="web.Page" name="opens" time="0.512"/>
<testcase classname="web.Page" name="scrolls a &lt;long&gt; log" time="1.75">${broken ? '<failure message="frame took 61 ms">at page.ts:12</failure>' : ''}</testcase>
<testcase classname="web.Page" name="prints"><skipped message="no printer"/></testcase>
</testsuite></testsuites>`;

let server, browser, page, gate, path;
const state = {};
before(async () => {
  server = await Server.start();
  gate = new Gate(server.place, 'results');
  browser = await openBrowser();
  page = await openPage(browser);
  await signIn(page, server);
  path = repository(join(server.place, 'beacon'), {
    '.travis.yml': `language: minimal
script:
  - cat one.txt
  - if [ -e wait ]; then ${gate.wait}; fi
  - cat two.txt; test ! -e broken
after_script: mkdir -p out && echo 'covered 91 %' > out/coverage.txt && printf 'GIF89a' > out/shot.gif
results:
  tests: reports/*.xml
  artifacts: out
`,
    'one.txt': log(''),
    'two.txt': rest(''),
    'reports/web.xml': junit(false),
  });
  await server.add('ada/beacon', path);
  await server.over(await server.build('ada/beacon'));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const commit = (files) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  const git = (...args) => execFileSync('git', ['-C', path, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args]);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'Retry the handshake');
};

test('a running job says at once that a test failed', async () => {
  const broken = 'survives_lost_first_packet';
  commit({ wait: '', broken: '', 'one.txt': log(broken), 'two.txt': rest(broken), 'reports/web.xml': junit(true) });
  const build = await server.build('ada/beacon');
  state.build = build;
  state.job = build.jobs[0].id;
  await page.goto(`${server.url}/ada/beacon/jobs/${state.job}`);
  await sees(page.locator('main'), '1 test failed so far');
  await page.getByRole('link', { name: /^Tests/ }).first().click();
  await sees(page.locator('main'), 'handshake::survives_lost_first_packet');
  gate.open();
});

test('when it is over all tests are there, the new failures first', async () => {
  await sees(page.locator('main'), 'scrolls a <long> log', 60_000);
  const first = page.getByRole('list', { name: 'Tests' }).getByRole('listitem').first();
  await sees(first, 'new');
  const found = await server.api('GET', `/v3/job/${state.job}/tests`);
  // Three of the file, four of a runner that left none and stands in the log.
  assert.deepEqual(found.counts, { total: 7, passed: 4, failed: 2, skipped: 1 });
  assert.equal(found.newly_failing, 2);
  assert.equal(found.files[0].path, 'reports/web.xml');
  assert.match(found.tests[0].message, /frame took 61 ms/);
  assert.match(found.tests[1].message, /lease must be granted/);
  const line = found.tests[1].log_line + 1;
  await page.getByRole('link', { name: `Line ${line} of the log` }).click();
  await page.waitForURL(new RegExp(`jobs/${state.job}#L${line}$`));
  await page.goBack();
});

test('slowest, found by name, of the build', async () => {
  await page.getByRole('button', { name: /^Slowest/ }).click();
  await sees(page.getByRole('list', { name: 'Tests' }).getByRole('listitem').first(), 'scrolls');
  await page.getByRole('searchbox', { name: 'Find a test' }).fill('OPENS');
  await page.getByRole('listitem').filter({ hasText: 'scrolls' }).waitFor({ state: 'detached' });
  await page.goto(`${server.url}/ada/beacon/builds/${state.build.id}/tests`);
  await sees(page.locator('main'), 'scrolls a <long> log');
  await page.goto(`${server.url}/ada/beacon/builds/${state.build.id}`);
  await sees(page.locator('main'), '2 failed');
});

test('artifacts are listed, shown and fetched, and nothing of them runs', async () => {
  await page.goto(`${server.url}/ada/beacon/jobs/${state.job}/artifacts`);
  await sees(page.locator('main'), 'out/coverage.txt');
  const row = page.getByRole('listitem').filter({ hasText: 'coverage.txt' });
  await row.getByRole('button', { name: 'Preview' }).click();
  await sees(row, 'covered 91 %');
  const { artifacts } = await server.api('GET', `/v3/job/${state.job}/artifacts`);
  const file = artifacts.find((one) => one.path === 'out/coverage.txt');
  const answer = await page.request.get(`${server.url}${file.download_href}`, { headers: { Range: 'bytes=0-6' } });
  assert.equal(answer.status(), 206);
  assert.equal(await answer.text(), 'covered');
  const headers = answer.headers();
  assert.match(headers['content-disposition'], /^attachment; filename="coverage.txt"/);
  assert.match(headers['content-security-policy'], /sandbox/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
});

test('the pages keep the rules, light, dark and narrow', async () => {
  const shots = process.env.SHOTS;
  if (shots) mkdirSync(shots, { recursive: true });
  for (const [name, address] of [
    ['tests', `jobs/${state.job}/tests`],
    ['artifacts', `jobs/${state.job}/artifacts`],
    ['build-tests', `builds/${state.build.id}/tests`],
    ['build', `builds/${state.build.id}`],
    ['job', `jobs/${state.job}`],
  ]) {
    for (const [look, size] of [['light', DESKTOP], ['dark', DESKTOP], ['light', PHONE]]) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: look });
      await page.goto(`${server.url}/ada/beacon/${address}`);
      await sees(page.locator('main'), name === 'artifacts' ? 'coverage.txt' : 'failed');
      if (shots) await page.screenshot({ path: join(shots, `${name}-${look}-${size.width}.png`), fullPage: true });
      assert.deepEqual(await axe(page), [], `${name} ${look} ${size.width}`);
    }
  }
  assert.deepEqual(page.trouble, []);
});
