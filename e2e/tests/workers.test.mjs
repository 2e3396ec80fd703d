// A machine joins by the page, works, is told what it may do and is thanked. With SHOTS=DIR the
// pictures are kept.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, DESKTOP, mark, openBrowser, openPage, PHONE, sees, signIn, unbroken } from '../support/browser.mjs';
import { Gate, repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';
import { Worker } from '../support/worker.mjs';

let server, browser, page, second, trace, login, id;
const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });
const main = () => page.locator('main');
const button = (name, exact = true) => page.getByRole('button', { name, exact });
const worker = () => server.api('GET', `/v3/worker/${id}`);

before(async () => {
  server = await Server.start({ slots: 1 });
  browser = await openBrowser();
  page = await openPage(browser);
});
after(async () => {
  await browser?.close();
  trace?.stop();
  await second?.stop();
  await server?.stop();
});

/** Where git says what it does: it waits there until somebody reads. */
class Trace {
  constructor(place, worker) {
    this.path = join(place, 'trace');
    execFileSync('mkfifo', [this.path]);
    const data = join(place, `worker-${worker}`);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    writeFileSync(join(data, 'travis.toml'), `[worker.job_env]\nGIT_TRACE = ${JSON.stringify(this.path)}\n`);
  }

  /** Reads, for as long as the test runs. */
  read() {
    // Open to write, too: it has no end.
    this.reader = createReadStream(this.path, { flags: 'r+' });
    this.reader.on('error', () => {}).resume();
  }

  stop() {
    if (!this.reader) return;
    this.reader.destroy();
    // A read that waits is not given up: it needs something to read, or the process never ends.
    writeFileSync(this.path, '\n');
  }
}

/** Holds the page against the rules in both themes, wide and narrow. */
async function rules(t, name) {
  const size = page.viewportSize();
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, viewport] of Object.entries({ wide: DESKTOP, phone: PHONE })) {
      await page.setViewportSize(viewport);
      await t.test(`${name}, ${theme}, ${width}`, async () => {
        if (shots) await page.screenshot({ path: join(shots, `${name}-${theme}-${width}.png`), fullPage: true });
        assert.deepEqual(await axe(page), []);
        const spill = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(spill <= 0, `${spill} pixels too wide`);
      });
    }
  }
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: 'light' });
}

test('who is not signed in is asked to, before a token is made', async () => {
  await page.goto(`${server.url}/workers/new`);
  await sees(main(), 'Sign in to lend a machine');
  await signIn(page, server);
  ({ login } = await server.api('GET', '/v3/user'));
});

test('the way is chosen by mouse and keyboard, and each has its lines', async (t) => {
  await page.goto(`${server.url}/workers/new`);
  const line = main().locator('pre').first();
  await sees(line, '--token');
  await sees(line, new URL(server.url).host);
  await rules(t, 'join-command');
  await button('Without a pipe to the shell').click();
  await sees(line, 'join.sh');
  await button('As one line').click();
  await page.getByRole('radio', { name: /One command/ }).focus();
  await page.keyboard.press('ArrowDown');
  await sees(main(), 'Or take the image yourself');
  await page.getByRole('tab', { name: 'cloud-init' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('#image-smbios[aria-selected=true]:focus').waitFor();
  await sees(main().getByRole('tabpanel'), 'smbios');
  await rules(t, 'join-image');
  await page.getByRole('radio', { name: /Service/ }).check();
  await button('Container').click();
  await sees(line, 'podman');
  await button('systemd').click();
  await rules(t, 'join-service');
});

test('a new token replaces the one before, which is worth nothing then', async () => {
  await page.getByRole('radio', { name: /One command/ }).check();
  const line = main().locator('pre').first();
  const before = /--token (\S+)/.exec(await line.innerText())[1];
  await button('New one').click();
  await server.until('another token', async () => {
    const text = await line.innerText();
    return text.includes('--token') && !text.includes(before);
  });
  const refused = new Worker(server, 'late', { token: before });
  try {
    await refused.ended();
    assert.match(refused.errors, /token/);
  } finally {
    await refused.stop();
  }
});

test('what is lent goes with the token, and the machine is seen to join and work, without a reload', { timeout: 180_000 }, async (t) => {
  await mark(page);
  const shown = /--token (\S+)/.exec(await main().locator('pre').first().innerText())[1];
  await page.getByLabel('Cores', { exact: true }).selectOption({ label: 'A quarter of cores' });
  await page.getByRole('switch', { name: 'Only while I am away' }).click();
  await page.getByRole('switch', { name: /Only on mains power/ }).click();
  await button('Choose for whom').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Never for these').fill('not a slug');
  await dialog.getByLabel('Only for these').focus();
  await sees(dialog, 'owner/name');
  await dialog.getByLabel('Never for these').fill('mallory/*');
  await dialog.getByRole('button', { name: 'Choose', exact: true }).click();
  await sees(main(), 'All public repositories but mallory/*');
  await sees(main(), 'The line above carries it');
  // The line is the one that was shown before, and good.
  const command = await main().locator('pre').first().innerText();
  const token = /--token (\S+)/.exec(command)[1];
  assert.equal(token, shown);
  await button('I have started it').click();
  await sees(main(), 'Waiting for first contact');
  await sees(main(), `bound to your account, ${login}`);
  await rules(t, 'join-waiting');
  // git waits in the middle of its first known job, so that this is seen to run.
  trace = new Trace(server.place, 'windowsill');
  second = new Worker(server, 'windowsill', { token });
  await sees(main().getByRole('heading'), 'windowsill is here. Thank you!', 60_000);
  await sees(main().getByRole('status'), 'windowsill has called and is online');
  assert.equal(await main().locator('[aria-current=step]').first().innerText(), '3\nWorking');
  const all = await server.api('GET', '/v3/workers');
  ({ id } = all.workers.find((one) => one.name === 'windowsill'));
  const now = await worker();
  assert.equal(now.wanted_lending.cores_percent, 25);
  assert.equal(now.wanted_lending.memory_percent, 50);
  assert.equal(now.wanted_lending.only_when_idle ?? false, false);
  assert.deepEqual(now.wanted_lending.never_repositories, ['mallory/*']);
  // The known job is watched: its lines come while it runs, and its end, without a reload.
  const known = main().locator('section', { hasText: 'Its first known job' });
  const log = known.getByRole('log');
  await sees(known.getByRole('button', { pressed: true }), 'Known job');
  await known.getByRole('button').getByLabel('running').waitFor();
  await sees(log, 'git init');
  await sees(known, 'follows');
  assert.doesNotMatch(await log.innerText(), /The answer is/);
  await rules(t, 'join-known-runs');
  trace.read();
  await sees(log, 'Done. Your build exited with 0.');
  await known.getByRole('button').getByLabel('passed').waitFor();
  await sees(known, 'It runs jobs, and comes to the right answer.');
  await rules(t, 'join-online');
  await unbroken(page);
});

test('it gets a better name', async () => {
  await button('Rename').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('rainy day');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await sees(dialog, 'No spaces: rainy-day');
  await dialog.getByLabel('Name').fill('rainy-day');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await sees(main().getByRole('heading'), 'rainy-day is here');
  await page.getByRole('link', { name: 'Open its page' }).click();
  await page.waitForURL(`**/workers/${id}`);
  await sees(main().getByRole('heading'), 'rainy-day');
  await unbroken(page);
});

test('its page: paused, resumed, and the limits kept', async (t) => {
  await page.goto(`${server.url}/workers/${id}`);
  await mark(page);
  await button('Pause now').click();
  await sees(main().locator('.badge'), 'paused');
  assert.equal((await worker()).state, 'paused');
  await button('Resume').click();
  await sees(main().locator('.badge'), /idle|working/);
  await button('Limits').click();
  const dialog = page.getByRole('dialog');
  await sees(dialog, 'Limits of rainy-day');
  assert.equal(await dialog.getByLabel('Cores').inputValue(), '25');
  await dialog.getByLabel('Network a month, GB').fill('lots');
  await dialog.getByLabel('Disk, GB').fill('40');
  await sees(dialog, 'A number up to');
  assert.ok(await dialog.getByRole('button', { name: 'Save limits' }).isDisabled());
  await dialog.getByLabel('Network a month, GB').fill('200');
  await dialog.getByLabel('Hours', { exact: true }).selectOption({ label: 'Nights and weekends' });
  await dialog.getByLabel('Where jobs may connect').selectOption({ label: 'Package registries only' });
  await rules(t, 'limits');
  await dialog.getByRole('button', { name: 'Save limits' }).click();
  await dialog.waitFor({ state: 'hidden' });
  const { wanted_lending: wanted } = await worker();
  assert.equal(wanted.bytes_per_month, 200e9);
  assert.equal(wanted.disk_bytes, 40e9);
  assert.equal(wanted.egress, 'registries');
  assert.equal(wanted.hours.length, 2);
  // Opened again it says what was saved; back to any time, so that it works for what follows.
  await button('Limits').click();
  assert.equal(await dialog.getByLabel('Network a month, GB').inputValue(), '200');
  await dialog.getByLabel('Hours', { exact: true }).selectOption({ label: 'Any time' });
  await dialog.getByRole('button', { name: 'Save limits' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await unbroken(page);
});

test('the fleet: filters, search, and what it does now', async (t) => {
  const gate = new Gate(server.place, 'fleet');
  const path = repository(join(server.place, 'work'), {
    '.travis.yml': `language: minimal\nenv:\n  - N=1\n  - N=2\n  - N=3\nscript:\n  - ${JSON.stringify(gate.wait)}\n`,
  });
  await server.add('ada/work', path);
  await page.goto(`${server.url}/workers`);
  await mark(page);
  const rows = main().getByRole('table', { name: 'All workers' }).getByRole('row');
  await sees(rows, 'rainy-day');
  const build = await server.build('ada/work');
  await rows.getByRole('link', { name: `work ${build.number}.1` }).waitFor();
  await sees(main().locator('section', { hasText: 'What waits, and why' }), /work/);
  await rules(t, 'fleet');
  await button(/^Offline/, false).click();
  await sees(main(), 'No worker is offline.');
  await button('Busy').click();
  await sees(rows, `work ${build.number}`);
  await button('All').click();
  await page.getByLabel('Find a worker').fill('rainy');
  await server.until('one row', async () => (await rows.count()) === 2);
  await page.getByLabel('Find a worker').fill('<b>nobody</b>');
  await sees(main(), 'No worker is like “<b>nobody</b>”.');
  await page.getByLabel('Find a worker').fill('');
  gate.open();
  await server.over(build);
  await sees(rows, 'idle');
  await unbroken(page);
});

test('each job thanks its lender, and the pages behind say what was done', async (t) => {
  // Only the second machine takes this one.
  const all = await server.api('GET', '/v3/workers');
  const other = all.workers.find((one) => one.id !== id);
  await server.api('POST', `/v3/worker/${other.id}/pause`);
  const path = repository(join(server.place, 'thanks'), { '.travis.yml': travisYml(['echo thanks']) });
  await server.add('ada/thanks', path);
  const build = await server.over(await server.build('ada/thanks'));
  await server.api('POST', `/v3/worker/${other.id}/resume`);
  await page.goto(`${server.url}/ada/thanks/jobs/${build.jobs[0].id}`);
  await sees(main(), `Built on rainy-day, provided by ${login}. Thank you!`);
  await page.locator('article').getByRole('link', { name: login, exact: true }).first().click();
  await page.waitForURL(`**/people/${login}`);
  await sees(main().getByRole('heading'), login);
  await sees(main(), 'rainy-day');
  await rules(t, 'person');
  await main().getByRole('link', { name: 'rainy-day' }).click();
  await page.waitForURL(`**/workers/${id}`);
  await main().getByRole('link', { name: `thanks ${build.number}.1` }).waitFor();
  await sees(main(), 'lends a worker');
  await page.getByRole('table', { name: /When it works/ }).waitFor();
  await rules(t, 'worker');
});

test('pages are public, without the owner’s buttons', async () => {
  const anonymous = await openPage(browser);
  await anonymous.goto(`${server.url}/workers/${id}`);
  await sees(anonymous.locator('main'), 'What it did, and for whom');
  for (const name of ['Limits', 'Pause now', 'Finish jobs, then stop', 'What to do with rainy-day']) {
    assert.equal(await anonymous.getByRole('button', { name }).count(), 0, name);
  }
  await anonymous.goto(`${server.url}/people/${login}`);
  await sees(anonymous.locator('main'), 'rainy-day');
  await anonymous.goto(`${server.url}/people/nobody-at-all`);
  await sees(anonymous.locator('main'), '404');
  assert.deepEqual(anonymous.trouble, []);
  await anonymous.context().close();
});

test('the operator: tier, ban and letting in again by the row’s menu, each asked for first', async (t) => {
  await page.goto(`${server.url}/workers`);
  const menu = page.getByRole('button', { name: 'What to do with rainy-day' });
  const dialog = page.getByRole('dialog');
  await menu.click();
  await page.getByRole('menuitem', { name: 'Set the tier' }).click();
  await dialog.getByRole('radio', { name: /volunteer/ }).check();
  await rules(t, 'tier');
  await dialog.getByRole('button', { name: 'Set the tier' }).click();
  await dialog.waitFor({ state: 'hidden' });
  assert.equal((await worker()).tier, 'volunteer');
  await menu.click();
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'What to do with rainy-day');
  await menu.click();
  await page.getByRole('menuitem', { name: 'Ban' }).click();
  await dialog.getByRole('button', { name: 'Keep' }).click();
  assert.notEqual((await worker()).state, 'banned');
  await menu.click();
  await page.getByRole('menuitem', { name: 'Ban' }).click();
  await dialog.getByRole('button', { name: 'Ban rainy-day' }).click();
  await dialog.waitFor({ state: 'hidden' });
  const row = page.getByRole('row', { name: /rainy-day/ });
  await sees(row, 'shut out');
  assert.equal((await worker()).state, 'banned');
  await menu.click();
  await page.getByRole('menuitem', { name: 'Let in again' }).click();
  await server.until('it is let in', async () => (await worker()).state !== 'banned');
});

test('it finishes its jobs and stops, and is removed', { timeout: 90_000 }, async () => {
  await page.goto(`${server.url}/workers/${id}`);
  await second.stop();
  const data = second.data;
  second = new Worker(server, 'windowsill', {});
  assert.equal(second.data, data);
  // The badge may still be that of the process before.
  await server.until('it is back', () => second.errors.includes('worker is online'));
  await sees(main().locator('.badge'), /idle|working/, 40_000);
  await button('Finish jobs, then stop').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Finish, then stop' }).click();
  await second.ended(40_000);
  await page.getByRole('button', { name: 'What to do with rainy-day' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove rainy-day' }).click();
  await page.waitForURL('**/workers');
  await sees(main(), 'All workers');
  await page.getByRole('row', { name: /rainy-day/ }).waitFor({ state: 'detached' });
});

test('nothing jumps while pages come in', async () => {
  for (const path of ['/workers', '/workers/new', `/people/${login}`]) {
    await page.goto('about:blank');
    await page.goto(server.url + path, { waitUntil: 'networkidle' });
    const shift = await page.evaluate(
      () =>
        new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += entry.value;
          }).observe({ type: 'layout-shift', buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
        }),
    );
    assert.ok(shift < 0.1, `${path} shifts by ${shift}`);
  }
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));
