import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, sees, signIn } from '../support/browser.mjs';
import { Gate, repository } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page, log, failed;
before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await signIn(page, server);
  log = page.getByRole('log');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const row = (text) => log.locator('.row').filter({ hasText: text });
const hidden = (on) =>
  page.evaluate((on) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => on });
    document.dispatchEvent(new Event('visibilitychange'));
  }, on);
/** The line at the top third of the log, counted from 1. */
const inView = async (locator) => {
  const [box, view] = [await locator.boundingBox(), await log.boundingBox()];
  return box !== null && box.y >= view.y - 1 && box.y + box.height <= view.y + view.height + 1;
};

/** The failed log from its top. */
const top = async () => {
  await page.goto('about:blank');
  await page.goto(failed);
  await row('not ok 2').and(page.locator('.red')).waitFor();
  await page.keyboard.press('Home');
  await sees(log, 'dark blue');
};

const SCRIPT = String.raw`#!/bin/sh
printf 'travis_fold:start:outer\r\033[0K$ outer work\n'
printf 'before the inner one\n'
printf 'travis_fold:start:inner\r\033[0K$ inner work\n'
printf 'deep inside\n'
printf 'travis_fold:end:inner\r\033[0K'
printf 'after the inner one\n'
printf 'travis_fold:end:outer\r\033[0K'
printf '\033[38;2;0;0;90mdark blue\033[0m \033[38;5;17mnumber 17\033[0m \033[1;4mbold and underlined\033[0m\n'
printf 'progress 10\rprogress 90\r\033[Kprogress done\n'
printf 'see \033]8;;https://example.org/\033\\the manual\033]8;;\033\\ for more\n'
head -c 42112 /dev/zero | tr '\0' x; printf '\n'
seq -f 'filler %g' 1 400
printf 'ok 1 - keeps\nnot ok 2 - gives back\nnot ok 3 - forgets\n'
seq -f 'epilogue %g' 1 200
exit 1
`;

test('a failed log opens at its first failed test, and e goes to the next', async () => {
  const path = repository(join(server.place, 'fails'), { 'run.sh': SCRIPT, '.travis.yml': 'language: minimal\nscript: sh run.sh\n' });
  await server.add('ada/fails', path);
  const build = await server.over(await server.build('ada/fails'));
  assert.equal(build.state, 'failed');
  failed = `${server.url}/ada/fails/jobs/${build.jobs[0].id}`;
  await page.goto(failed);
  const first = row('not ok 2');
  await first.and(page.locator('.red')).waitFor();
  assert.ok(await inView(first));
  assert.ok((await page.locator('.ruler i.red').count()) >= 1);
  await page.keyboard.press('e');
  await page.keyboard.press('Home');
  await sees(log, 'outer work');
  // The address for links from elsewhere, in a log that is open and in one that is opened.
  await page.evaluate(() => (location.hash = '#first-failure'));
  await first.and(page.locator('.red')).waitFor();
  assert.ok(await inView(first));
  await page.goto('about:blank');
  await page.goto(`${failed}#first-failure`);
  await first.and(page.locator('.red')).waitFor();
  assert.ok(await inView(first));
});

test('colours can be read, what was overwritten is gone, links lead nowhere', async () => {
  await top();
  const blue = await row('dark blue').getByText('dark blue', { exact: true }).evaluate((it) => getComputedStyle(it).color);
  const [r, g, b] = blue.match(/\d+/g).map(Number);
  assert.ok(b > 150 && b > r, `not lifted: ${blue}`);
  const bold = await row('bold and underlined').getByText('bold and underlined', { exact: true }).evaluate((it) => [getComputedStyle(it).fontWeight, getComputedStyle(it).textDecorationLine]);
  assert.deepEqual(bold, ['700', 'underline']);
  assert.match(await row('progress').innerText(), /progress done/);
  assert.doesNotMatch(await row('progress').innerText(), /progress [19]0/);
  await sees(log, 'see the manual for more');
  assert.equal(await log.locator('a').count(), 0);
});

test('folds lie in folds, their heads have names, and the head of an open one stays in view', async () => {
  const outer = log.getByRole('button', { name: 'outer' });
  assert.equal(await outer.getAttribute('aria-expanded'), 'false');
  await outer.click();
  const inner = log.getByRole('button', { name: 'inner' });
  await inner.focus();
  await page.keyboard.press('Enter');
  await sees(log, 'deep inside');
  assert.equal(await row('deep inside').locator('.guides').evaluate((it) => it.style.width), '24px');
  assert.equal(await row('before the inner one').locator('.guides').evaluate((it) => it.style.width), '12px');
  // All at once, and one by one by key.
  await page.keyboard.press('O');
  assert.equal(await row('deep inside').count(), 0);
  await page.keyboard.press('O');
  await sees(log, 'deep inside');
});

test('lines are chosen by drawing over their numbers; their text is copied plain', async () => {
  const [from, to] = [row('dark blue').locator('.n'), row('see the manual').locator('.n')];
  await to.scrollIntoViewIfNeeded();
  const [a, b] = [await from.boundingBox(), await to.boundingBox()];
  await page.mouse.move(a.x + 20, a.y + 8);
  await page.mouse.down();
  await page.mouse.move(b.x + 20, b.y + 8, { steps: 4 });
  await page.mouse.up();
  const [first, last] = [Number(await from.getAttribute('data-n')), Number(await to.getAttribute('data-n'))];
  assert.equal(last, first + 2);
  assert.equal(new URL(page.url()).hash, `#L${first}-L${last}`);
  assert.equal(await log.locator('.row.chosen').count(), 3);
  await page.getByRole('button', { name: 'Copy text' }).click();
  await page.getByText(/^Text of lines/).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'dark blue number 17 bold and underlined\nprogress done\nsee the manual for more');
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.waitForFunction(async (hash) => (await navigator.clipboard.readText()).endsWith(hash), `#L${first}-L${last}`);
  // Shift and an arrow makes it longer.
  await log.focus();
  await page.keyboard.press('Shift+ArrowDown');
  assert.equal(new URL(page.url()).hash, `#L${first}-L${last + 1}`);
});

test('a long line is cut, and shown whole when asked', async () => {
  const long = log.locator('.row').filter({ hasText: 'xxxxxxxxxx' });
  const height = async () => (await long.boundingBox()).height;
  const cut = await height();
  await long.getByRole('button', { name: 'show 38,112 more' }).click();
  await page.waitForFunction((cut) => [...document.querySelectorAll('[role=log] .row')].some((it) => it.offsetHeight > cut * 5), cut);
});

test('times are told in three ways, lines wrap or not, the search knows case and patterns', async () => {
  await top();
  await page.keyboard.press('t');
  const column = log.locator('.row .t').filter({ hasText: /\d/ }).first();
  assert.match(await column.innerText(), /^\d+\.\d\d s$/);
  await column.click();
  assert.match(await column.innerText(), /^\d\d:\d\d:\d\d$/);
  await column.click();
  assert.match(await column.innerText(), /^\+/);
  await page.keyboard.press('w');
  await page.locator('.log.nowrap').waitFor();
  await page.keyboard.press('w');

  await page.keyboard.press('Control+f');
  const field = page.getByRole('searchbox', { name: 'Search the whole log' });
  const count = page.getByRole('toolbar', { name: 'Log' }).getByRole('status');
  await field.fill('FILLER 1');
  await page.keyboard.press('Enter');
  await count.filter({ hasText: /of 111/ }).waitFor();
  assert.ok((await page.locator('.ruler i.hit').count()) > 1);
  await page.getByRole('button', { name: 'Case matters' }).click();
  await count.filter({ hasText: /no\s+hits/ }).waitFor();
  await field.fill('filler [12]0$');
  await page.getByRole('button', { name: 'Regular expression' }).click();
  await count.filter({ hasText: '1 of 2' }).waitFor();
  await log.locator('.row.now').filter({ hasText: 'filler 10' }).waitFor();
  await field.focus();
  await page.keyboard.press('Enter');
  await log.locator('.row.now').filter({ hasText: 'filler 20' }).waitFor();
  await page.keyboard.press('Escape');
});

test('the log comes as plain text, with its colours, and as it was printed', async () => {
  const text = async (form) => {
    await page.getByRole('button', { name: 'Download the log' }).click();
    const href = await page.getByRole('menuitem', { name: form }).getAttribute('href');
    await page.keyboard.press('Escape');
    return page.evaluate((href) => fetch(href).then((answer) => answer.text()), href);
  };
  const plain = await text('Plain text');
  assert.ok(!plain.includes('\u001b') && !plain.includes('travis_fold') && !plain.includes('\r'));
  assert.match(plain, /\ndark blue number 17 bold and underlined\nprogress done\nsee the manual for more\n/);
  const ansi = await text('With colours (ANSI)');
  assert.ok(ansi.includes('\u001b[38;2;0;0;90mdark blue\u001b[0m') && !ansi.includes('travis_fold'));
  const raw = await text('As printed');
  assert.ok(raw.includes('travis_fold:start:inner') && raw.includes('progress 10\rprogress 90'));
});

test('whoever hears the page hears the last lines, and the end says how it ended', async () => {
  await page.keyboard.press('End');
  await log.getByText(/^Failed · exit code 1 · /).waitFor();
  await page.getByRole('button', { name: 'Read the last 20 lines' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('[aria-live=polite]').filter({ hasText: 'epilogue 200' }).waitFor({ state: 'attached' });
});

test('a running log follows until the reader reads; hidden, it is not listened to', async () => {
  const gates = ['one', 'two', 'three', 'four'].map((name) => new Gate(server.place, `v-${name}`));
  const path = repository(join(server.place, 'runs'), {
    '.travis.yml': `language: minimal\nscript:\n  - seq -f 'early %g' 1 200\n${gates.map((gate, at) => `  - ${gate.wait}; seq -f 'part ${at} %g' 1 50\n`).join('')}`,
  });
  await server.add('ada/runs', path);
  const build = await server.build('ada/runs');
  const sockets = [];
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sockets.push(String(payload))));
  await page.goto(`${server.url}/ada/runs/jobs/${build.jobs[0].id}`);
  await sees(log, 'early 200');
  gates[0].open();
  await log.getByText('part 0 50', { exact: true }).waitFor();
  await page.locator('.pill').waitFor({ state: 'detached' });

  // Text that is being chosen stays where it is.
  await log.getByText('part 0 40', { exact: true }).dblclick({ position: { x: 10, y: 8 } });
  await page.getByRole('button', { name: 'Follow' }).waitFor();
  const chosen = await page.evaluate(() => String(getSelection()));
  assert.notEqual(chosen.trim(), '');
  const place = await log.getByText('part 0 40', { exact: true }).boundingBox();
  gates[1].open();
  await page.getByRole('button', { name: /^Follow · \d+ new lines$/ }).waitFor();
  assert.deepEqual(await log.getByText('part 0 40', { exact: true }).boundingBox(), place);
  assert.equal(await page.evaluate(() => String(getSelection())), chosen);
  await page.getByRole('button', { name: /^Follow/ }).click();
  await log.getByText('part 1 50', { exact: true }).waitFor();

  await hidden(true);
  const attempt = (await server.api('GET', `/v3/job/${build.jobs[0].id}`)).attempt.id;
  await server.until('the log is left', () => sockets.some((text) => text.includes('unsubscribe') && text.includes(`log:${attempt}`)));
  gates[2].open();
  await server.until('more lines on the server', async () => {
    const index = await server.api('GET', `/v3/job/${build.jobs[0].id}/log/index`);
    return index.lines > 350;
  });
  assert.equal(await log.getByText('part 2 50', { exact: true }).count(), 0);
  await hidden(false);
  await log.getByText('part 2 50', { exact: true }).waitFor();
  gates[3].open();
  await log.getByText('part 3 50', { exact: true }).waitFor();
  await log.getByText(/^Passed · exit code 0/).waitFor();
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));
