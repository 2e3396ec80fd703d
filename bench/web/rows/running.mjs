import { cpuOf, heap, pause } from '../bed.mjs';
import { atMost, highest, median, quantile, row } from '../table.mjs';

async function grows(bed, page, gate, seconds, lines) {
  const total = () => page.evaluate(() => Number(document.querySelector('[role=log] .row:last-child .n')?.dataset.n ?? 0));
  const before = await total();
  gate.open();
  await page.waitForFunction((known) => Number(document.querySelector('[role=log] .row:last-child .n')?.dataset.n ?? 0) > known, before + 2000);
  const browser = await bed.browser();
  const [cpu, at, from] = [await cpuOf(browser, 'renderer'), performance.now(), await total()];
  await page.evaluate(() => window.probe.startFrames());
  await pause(seconds * 1000);
  const frames = await page.evaluate(() => window.probe.stopFrames());
  const span = performance.now() - at;
  const [busy, rate] = [((await cpuOf(browser, 'renderer')) - cpu) / span, ((await total()) - from) / (span / 1000)];
  if (rate < lines * 0.8) throw new Error(`only ${rate.toFixed(0)} lines a second were drawn`);
  return { fps: frames.length / (frames.reduce((sum, one) => sum + one, 0) / 1000), frames, busy, rate };
}

export async function running(bed) {
  const { url, gates } = await bed.running();
  const page = await bed.page();
  await page.goto(url);
  const first = await (await page.waitForFunction(() => window.probe.painted.lines)).jsonValue();
  // Follows: the last line is in view.
  await page.waitForFunction(() => Number(document.querySelector('[role=log] .row:last-child .n')?.dataset.n ?? 0) > 1_000_000);
  const rows = [atMost('running log of a million lines: first lines painted', 300, first, 'ms')];
  for (const [gate, lines, seconds] of [[gates.slow, 10_000, 8], [gates.fast, 50_000, 5]]) {
    const { fps, frames, busy, rate } = await grows(bed, page, gate, seconds, lines);
    const note = `longest ${highest(frames).toFixed(1)} ms, p99 ${quantile(frames, 0.99).toFixed(1)}, median ${median(frames).toFixed(1)}; ${rate.toFixed(0)} lines a second drawn, ${(busy * 100).toFixed(0)} % of a core`;
    rows.push(row(`it grows by ${lines} lines a second: frames a second`, lines > 10_000 ? 'drawn once a frame, ≥ 50' : '≥ 58', `${fps.toFixed(1)} (${note})`, fps >= (lines > 10_000 ? 50 : 58)));
    if (lines === 10_000) await page.waitForTimeout(3000);
  }
  await pause(4000);
  rows.push(atMost('after half a million lines more: JavaScript heap', 60, await heap(page), 'MB', { digits: 1 }));
  gates.end.open();
  if (page.trouble.length > 0) throw new Error(page.trouble.join('\n'));
  await page.context().close();
  return rows;
}
