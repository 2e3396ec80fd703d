/** Pictures of the main pages, and what axe finds on them. `node dev/shots.mjs OUT [--axe] [name…]` */
import { mkdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [out = '/tmp/shots', ...rest] = process.argv.slice(2);
const base = process.env.MOCK ?? 'http://127.0.0.1:8099';
const wanted = rest.filter((one) => !one.startsWith('--'));
const withAxe = rest.includes('--axe');
mkdirSync(out, { recursive: true });
const repo = '/harborlight/beacon';
const find = async (path) => (await fetch(base + path)).json();
const current = (await find('/v3/repo/harborlight%2Fbeacon')).current_build;
const whole = current ? await find(`/v3/build/${current.id}`) : { jobs: [] };
const job = whole.jobs.find((one) => one.number.endsWith('.6'));
const provisional = whole.jobs.find((one) => one.number.endsWith('.5'));
const failed = whole.jobs.find((one) => one.number.endsWith('.9'));
const atlas = (await find('/v3/repo/papercrane%2Fatlas')).current_build;
const big = atlas ? (await find(`/v3/build/${atlas.id}`)).jobs[0] : null;
const pages = {
  home: repo,
  job: `${repo}/jobs/${job?.id}`,
  provisional: `${repo}/jobs/${provisional?.id}`,
  failed: `${repo}/jobs/${failed?.id}`,
  range: `${repo}/jobs/${failed?.id}#L317-L320`,
  big: `/papercrane/atlas/jobs/${big?.id}`,
  attempts: `${repo}/jobs/${job?.id}/attempts`,
  jobconfig: `${repo}/jobs/${job?.id}/config`,
  branches: `${repo}/branches`,
  history: `${repo}/builds`,
  requests: `${repo}/requests`,
  settings: `${repo}/settings`,
  config: `${repo}/builds/${current?.id}/config`,
  errored: '/mossworks/spore',
  empty: '/kestrel/windvane',
  active: '/active',
  workers: '/workers',
  worker: '/workers/4',
  workernew: '/workers/new',
  person: '/people/harborlight',
  account: '/account',
  signin: '/sign-in',
  add: '/add',
  missing: '/harborlight/beacn',
  notfound: '/a/b/c/d',
  list: '/',
};
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const axe = withAxe
  ? readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
  : '';
let findings = 0;
for (const theme of (process.env.THEME ?? 'light,dark').split(',')) {
  for (const width of [1440, 390]) {
    const context = await browser.newContext({
      viewport: { width, height: width > 720 ? 1000 : 844 },
      colorScheme: theme,
      bypassCSP: withAxe,
      reducedMotion: 'reduce',
    });
    for (const [name, path] of Object.entries(pages)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const view = await context.newPage();
      view.on('pageerror', (error) => console.log(`${name} ${theme} ${width}: ${error.message}`));
      view.on('console', (message) => {
        if (message.type() === 'error') console.log(`${name} ${theme} ${width}: ${message.text()}`);
      });
      await view.goto(base + path);
      await view.waitForTimeout(900);
      await view.screenshot({
        path: `${out}/${name}-${theme}-${width}.png`,
        fullPage: name !== 'big',
      });
      if (withAxe) {
        await view.evaluate(axe);
        const found = await view.evaluate(() =>
          window.axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
          }),
        );
        for (const one of found.violations) {
          findings++;
          console.log(`axe ${name} ${theme} ${width}: ${one.id}: ${one.help}`);
          for (const node of one.nodes.slice(0, 3))
            console.log(
              `    ${node.html.slice(0, 160)} ${node.any[0]?.message?.slice(0, 160) ?? ''}`,
            );
        }
      }
      await view.close();
    }
    await context.close();
  }
}
await browser.close();
if (withAxe) console.log(`${findings} findings`);
