// What is measured on: the program with logs in its store, a browser, and pages that measure
// themselves.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESKTOP, openBrowser, openPage, signIn } from '../../e2e/support/browser.mjs';
import { Gate, repository, travisYml } from '../../e2e/support/repository.mjs';
import { PlainPage } from './plain.mjs';
import { Server } from '../../e2e/support/server.mjs';

const PROBE = readFileSync(join(import.meta.dirname, 'probe.js'), 'utf8');
export const LINES = 1_000_000;

export class Bed {
  #server;
  #browser;
  #million;
  #small;
  #running;

  async server() {
    this.#server ??= await Server.start({ slots: 3 });
    return this.#server;
  }

  async browser() {
    this.#browser ??= await openBrowser();
    return this.#browser;
  }

  /** A page in a context of its own, nothing cached; signed in when asked. */
  async page({ signedIn = false } = {}) {
    const page = await openPage(await this.browser(), { reducedMotion: 'no-preference' });
    await page.addInitScript(PROBE);
    page.cdp = await page.context().newCDPSession(page);
    if (signedIn) {
      const server = await this.server();
      await signIn(page, server);
    }
    return page;
  }

  /** A page whose fetched answers the browser doesn't keep for its driver: for what memory a page has. */
  async plainPage(url) {
    const session = await (await this.browser()).newBrowserCDPSession();
    return PlainPage.open(session, url, { script: PROBE, ...DESKTOP });
  }

  async #sealed(name, lines) {
    const server = await this.server();
    // A colour now and then, a word that is rare and one that is frequent, as real logs have.
    const print = `seq -f 'line %.0f of a log that is rather long, with some words in it' 1 ${lines} | sed '500000s/$/ needle/; 0~1000s/.*/\\x1b[33mwarning:\\x1b[0m &/'`;
    const path = repository(join(server.place, name), { '.travis.yml': travisYml([print]) });
    await server.add(`ada/${name}`, path);
    const build = await server.over(await server.build(`ada/${name}`));
    if (build.state !== 'passed') throw new Error(`the build of ${name}: ${build.state}`);
    return `${server.url}/ada/${name}/jobs/${build.jobs[0].id}`;
  }

  /** The page of a job whose log has a million lines and is sealed. */
  async million() {
    this.#million ??= await this.#sealed('million', LINES);
    return this.#million;
  }

  async small() {
    this.#small ??= await this.#sealed('small', 10);
    return this.#small;
  }

  /** A job that has printed a million lines and goes on, so many a second, when a gate opens. */
  async running() {
    if (this.#running) return this.#running;
    const server = await this.server();
    const gates = { slow: new Gate(server.place, 'slow'), fast: new Gate(server.place, 'fast'), end: new Gate(server.place, 'end') };
    const path = repository(join(server.place, 'grows'), {
      'printer.mjs': readFileSync(join(import.meta.dirname, 'printer.mjs'), 'utf8'),
      '.travis.yml': travisYml([
        `seq -f 'line %.0f of a log that is rather long, with some words in it' 1 ${LINES}`,
        gates.slow.wait,
        `${process.execPath} printer.mjs 10000 12`,
        gates.fast.wait,
        `${process.execPath} printer.mjs 50000 8`,
        gates.end.wait,
      ]),
    });
    await server.add('ada/grows', path);
    const build = await server.build('ada/grows');
    const job = build.jobs[0].id;
    await server.until('the first million lines', async () => {
      const index = await server.api('GET', `/v3/job/${job}/log/index`).catch(() => null);
      return index && index.lines > LINES ? index : null;
    });
    this.#running = { url: `${server.url}/ada/grows/jobs/${job}`, job, gates };
    return this.#running;
  }

  async stop() {
    await this.#browser?.close();
    await this.#server?.stop();
  }
}

/** Time that processes of this kind have used on processors so far, in milliseconds. */
export async function cpuOf(browser, kind) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter((one) => one.type === kind).reduce((sum, one) => sum + one.cpuTime * 1000, 0);
}

/** Memory that only the page's process has, in MB: what it wrote, not what it shares. */
export async function privateMemory(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = processInfo
    .filter((one) => one.type === 'renderer')
    .map((one) => {
      try {
        const text = readFileSync(`/proc/${one.id}/smaps_rollup`, 'utf8');
        return Number(/^Private_Dirty:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1000;
      } catch {
        return 0;
      }
    });
  return Math.max(0, ...sizes);
}

/** What scripts hold after the garbage is gone, in MB. */
export async function heap(page) {
  const to = page.cdp ?? page;
  await to.send('HeapProfiler.enable');
  await to.send('HeapProfiler.collectGarbage');
  await to.send('HeapProfiler.collectGarbage');
  const { usedSize } = await to.send('Runtime.getHeapUsage');
  return usedSize / 1e6;
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
