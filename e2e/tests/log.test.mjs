import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mark, openBrowser, openPage, sees, signIn, unbroken } from '../support/browser.mjs';
import { Gate, repository, travisYml } from '../support/repository.mjs';
import { Server } from '../support/server.mjs';

let server, browser, page;
before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  page = await openPage(browser, { acceptDownloads: true });
  await signIn(page, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const jobPage = (slug, build) => `${server.url}/${slug}/jobs/${build.jobs[0].id}`;

test('lines appear as they are printed, in colour, under folds; a line has an address', async () => {
  const gates = [new Gate(server.place, 'one'), new Gate(server.place, 'two')];
  const path = repository(join(server.place, 'slow'), {
    '.travis.yml': `language: minimal
install:
  - echo inside the fold
script:
  - printf '\\033[32mfirst green line\\033[0m\\n'
  - ${gates[0].wait}
  - echo second line
  - ${gates[1].wait}
  - seq -f 'filler %g' 1 300
  - echo the very end
`,
  });
  await server.add('ada/slow', path);
  const build = await server.build('ada/slow');
  await page.goto(jobPage('ada/slow', build));
  await mark(page);
  const log = page.getByRole('log');
  await sees(log, 'first green line');
  assert.equal(await log.getByText('second line', { exact: true }).count(), 0);
  const color = await log.locator('span[class], span[style]').filter({ hasText: /^first green line$/ }).last().evaluate((it) => getComputedStyle(it).color);
  const [red, green, blue] = color.match(/\d+/g).map(Number);
  assert.ok(green > red && green > blue, `not green: ${color}`);

  gates[0].open();
  await log.getByText('second line', { exact: true }).waitFor();
  gates[1].open();
  // Follows: the end is in view without a touch.
  await log.getByText('the very end', { exact: true }).waitFor();
  await sees(page.locator('article .badge'), 'passed');
  await unbroken(page);

  await page.goto(`${jobPage('ada/slow', build)}#L3`);
  await page.locator('.row.chosen[data-line="2"]').waitFor();
  assert.equal(await page.locator('.row.chosen').count(), 1);
  const row = page.locator('.row[data-line="5"] .n');
  await row.click();
  await page.waitForURL('**#L6');

  // The fold's head is in view near the top, closed or open.
  const fold = log.locator('.row.head').filter({ hasText: 'inside the fold' }).getByRole('button').first();
  const before = await fold.getAttribute('aria-expanded');
  await fold.click();
  await page.waitForFunction(
    ([element, was]) => element.getAttribute('aria-expanded') !== was,
    [await fold.elementHandle(), before],
  );

  await page.getByRole('button', { name: 'Download the log' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'As printed' }).click(),
  ]);
  const text = await readFile(await download.path(), 'utf8');
  assert.match(text, /first green line/);
  assert.match(text, /filler 300/);
});

test('a hostile log, message and branch are text, not page', async () => {
  const attack = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
  const branch = 'x<img/src=x/onerror=window.hacked=1>';
  const path = repository(
    join(server.place, 'hostile'),
    {
      'attack.txt': `${attack}\n\u001b]8;;javascript:window.hacked=1\u0007click me\u001b]8;;\u0007\n\u001b]0;title\u0007\u001b]52;c;aGFja2Vk\u0007after\n\u202Egnirts\n`,
      '.travis.yml': travisYml(['cat attack.txt', 'echo done with attacks']),
    },
    { message: `${attack} as a message`, branches: [branch] },
  );
  await server.add('ada/hostile', path);
  const build = await server.over(await server.build('ada/hostile', { branch }));
  assert.equal(build.state, 'passed');
  for (const address of [`${server.url}/ada/hostile`, `${server.url}/ada/hostile/branches`, `${server.url}/ada/hostile/builds`, `${server.url}/ada/hostile/requests`, jobPage('ada/hostile', build)]) {
    await page.goto(address);
    await sees(page.locator('main'), 'hostile');
    await sees(page.locator('main'), 'onerror');
    assert.equal(await page.evaluate(() => window.hacked), undefined, address);
    assert.equal(await page.locator('main img, main script').count(), 0, address);
    assert.equal(await page.locator('a[href^="javascript:" i]').count(), 0, address);
  }
  const log = page.getByRole('log');
  await sees(log, 'done with attacks');
  await sees(log, '<img src=x onerror=');
  await sees(log, 'click me');
});

test('a million lines open at once and scroll in a few hundred rows', { timeout: 180_000 }, async () => {
  const path = repository(join(server.place, 'million'), {
    '.travis.yml': travisYml(["seq -f 'line %.0f of a log that is rather long, with some words in it' 1 1000000"]),
  });
  await server.add('ada/million', path);
  const build = await server.over(await server.build('ada/million'));
  assert.equal(build.state, 'passed');
  // Measured in the page, from the start of the navigation to the first painted lines.
  await page.addInitScript(() => {
    const seen = new MutationObserver(() => {
      if (!document.querySelector('[role=log] .row .text')?.textContent?.trim()) return;
      seen.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => (window.firstLines = performance.now())));
    });
    seen.observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto(jobPage('ada/million', build));
  const ms = await (await page.waitForFunction(() => window.firstLines)).jsonValue();
  console.log(`a log of 1,000,000 lines: first lines painted after ${Math.round(ms)} ms`);
  assert.ok(ms < 3_000, `${ms} ms`);
  const log = page.locator('[role=log]').first();
  const rows = () => page.locator('[role=log] .row').count();
  assert.ok((await rows()) <= 400);
  await log.hover();
  for (let turn = 0; turn < 20; turn++) {
    await page.mouse.wheel(0, 3_000);
    assert.ok((await rows()) <= 400, `${await rows()} rows`);
  }
  await log.focus();
  await page.keyboard.press('End');
  await sees(log, 'line 1000000 of a log');
  assert.ok((await rows()) <= 400);
  await page.goto(`${jobPage('ada/million', build)}#L500000`);
  await page.reload();
  await page.locator('.row.chosen[data-line="499999"]').filter({ hasText: /line 4\d+ of a log/ }).waitFor();
});

test('no script failed on the way', () => assert.deepEqual(page.trouble, []));
