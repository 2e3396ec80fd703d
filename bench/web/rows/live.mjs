import { join } from 'node:path';
import { repository } from '../../../e2e/support/repository.mjs';
import { cpuOf, heap, pause } from '../bed.mjs';
import { atMost, highest, median } from '../table.mjs';

const JOBS = 30;

/** A repository whose build has many jobs, and its things as the server tells of them. */
async function matrix(bed) {
  const server = await bed.server();
  const env = Array.from({ length: JOBS }, (_, at) => `  - CELL=${at}\n`).join('');
  const path = repository(join(server.place, 'matrix'), { '.travis.yml': `language: minimal\nscript: 'true'\nenv:\n${env}` });
  await server.add('ada/matrix', path);
  const build = await server.over(await server.build('ada/matrix'));
  const jobs = await Promise.all(build.jobs.map(({ id }) => server.api('GET', `/v3/job/${id}`)));
  return { repo: build.repository.id, build, jobs: jobs.map(({ attempts, config, ...job }) => job) };
}

/** Plays changes of jobs on the page's topics, and notes when each was drawn. */
const play = (page, things, count, everyMs, measured) =>
  page.evaluate(
    async ([things, count, everyMs, measured]) => {
      const states = ['queued', 'received', 'started', 'passed', 'failed'];
      const times = [];
      const topics = Object.keys(window.probe.seqs).filter((topic) => topic === 'repos' || topic === `repo:${things.repo}`);
      window.cells ??= things.jobs.map((job) => ({ version: job.version, state: states.indexOf(job.state) }));
      const began = performance.now();
      for (let at = 0; at < count; at++) {
        const due = began + at * everyMs;
        while (performance.now() < due) await new Promise((next) => setTimeout(next, 1));
        const job = things.jobs[at % things.jobs.length];
        const cell = window.cells[at % things.jobs.length];
        cell.version++;
        cell.state = (cell.state + 1) % states.length;
        const state = states[cell.state];
        const data = { ...job, state, version: cell.version };
        if (measured) {
          const sent = performance.now();
          const change = new Promise((done, fail) => {
            setTimeout(() => fail(new Error(`nothing changed for ${state}`)), 2000);
            const seen = new MutationObserver(() => {
              seen.disconnect();
              done();
            });
            seen.observe(document.querySelector('main'), { childList: true, subtree: true, attributes: true, characterData: true });
          });
          window.probe.play(topics.at(-1), `job:${state}`, data);
          await change;
          times.push((await window.probe.drawn()) - sent);
        } else window.probe.play(topics[at % topics.length], `job:${state}`, data);
      }
      return times;
    },
    [things, count, everyMs, measured],
  );

export async function live(bed) {
  const server = await bed.server();
  const browser = await bed.browser();
  const things = await matrix(bed);
  const page = await bed.page();
  await page.goto(`${server.url}/ada/matrix`);
  await page.waitForFunction(() => window.probe.painted.build);
  await page.waitForFunction((id) => window.probe.seqs[`repo:${id}`] !== undefined && window.probe.seqs.repos !== undefined, things.repo);
  await page.waitForLoadState('networkidle');
  await pause(500);

  const shiftBefore = await page.evaluate(() => window.probe.shift);
  const times = await play(page, things, 40, 250, true);
  const rows = [atMost('event to pixels', 50, highest(times), 'ms', { digits: 1, note: `40 events, four a second, median ${median(times).toFixed(1)}` })];

  await play(page, things, 200, 5, false);
  const before = await heap(page);
  const [cpu, at] = [await cpuOf(browser, 'renderer'), performance.now()];
  await play(page, things, 2000, 5, false);
  const span = performance.now() - at;
  const busy = ((await cpuOf(browser, 'renderer')) - cpu) / span;
  // What playing them costs is not the page's: the same without the page's listener.
  const [idleCpu, idleAt] = [await cpuOf(browser, 'renderer'), performance.now()];
  await page.evaluate(async () => {
    const began = performance.now();
    for (let turn = 0; turn < 1000; turn++) while (performance.now() < began + turn * 5) await new Promise((next) => setTimeout(next, 1));
  });
  const idle = ((await cpuOf(browser, 'renderer')) - idleCpu) / (performance.now() - idleAt);
  rows.push(
    atMost('200 events a second for 10 s, a build of 30 jobs in view: renderer, of a core', 10, (busy - idle) * 100, '%', {
      digits: 1,
      note: `${(busy * 100).toFixed(1)} less ${(idle * 100).toFixed(1)} that playing them takes`,
    }),
  );
  await pause(500);
  rows.push(atMost('page left open for 2,000 events: JavaScript heap grows by', 10, (await heap(page)) - before, 'MB', { digits: 2 }));
  rows.push(atMost('layout shift by all these events', 0, (await page.evaluate(() => window.probe.shift)) - shiftBefore, 'in all', { digits: 3, note: (await page.evaluate(() => [...window.probe.moved].slice(0, 5))).join(', ') }));
  if (page.trouble.length > 0) throw new Error(page.trouble.join('\n'));
  await page.context().close();
  return rows;
}
