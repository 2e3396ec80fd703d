import { atMost, median } from '../table.mjs';

const TIMES = 7;

/** Opens an address in new contexts and tells when something of it was drawn. */
export async function opened(bed, url, name) {
  const times = [];
  let shift = 0;
  const moved = new Set();
  for (let time = 0; time < TIMES; time++) {
    const page = await bed.page();
    await page.goto(url);
    times.push(await (await page.waitForFunction((what) => window.probe.painted[what], name)).jsonValue());
    await page.waitForLoadState('networkidle');
    for (const name of await page.evaluate(() => [...window.probe.moved])) moved.add(name);
    shift = Math.max(shift, await page.evaluate(() => window.probe.shift));
    await page.context().close();
  }
  return { ms: median(times), worst: Math.max(...times), shift, moved: [...moved].slice(0, 5).join(', ') };
}

export async function home(bed) {
  const server = await bed.server();
  await bed.small();
  const first = await opened(bed, server.url, 'build');
  return [
    atMost('home: the build is painted, nothing cached', 300, first.ms, 'ms', { note: `median of ${TIMES}, worst ${first.worst.toFixed(0)}` }),
    atMost('home: layout shift', 0, first.shift, 'in all', { digits: 4, note: first.moved }),
  ];
}
