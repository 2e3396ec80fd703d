import { LINES, heap, pause, privateMemory } from '../bed.mjs';
import { atMost, highest, median, quantile } from '../table.mjs';
import { opened } from './home.mjs';

/** Every frame while something is done. */
export async function framesOf(page, work) {
  await page.evaluate(() => window.probe.startFrames());
  await work();
  return page.evaluate(() => window.probe.stopFrames());
}

export const frameNote = (frames) =>
  `${frames.length} frames, median ${median(frames).toFixed(1)}, p99 ${quantile(frames, 0.99).toFixed(1)}`;

/** Turns of the wheel, one a frame, from the first line to the last or back. */
const wheel = (page, by, turns) =>
  page.evaluate(
    ([by, turns]) =>
      new Promise((done) => {
        const log = document.querySelector('[role=log]');
        const box = log.getBoundingClientRect();
        let most = 0;
        let left = turns;
        const turn = () => {
          log.dispatchEvent(new WheelEvent('wheel', { deltaY: by, bubbles: true, cancelable: true, clientX: box.x + 200, clientY: box.y + 200 }));
          most = Math.max(most, document.querySelectorAll('[role=log] .row').length);
          if (--left > 0) requestAnimationFrame(turn);
          else requestAnimationFrame(() => done(most));
        };
        requestAnimationFrame(turn);
      }),
    [by, turns],
  );

async function drag(page) {
  const ruler = await page.evaluate(() => {
    const { x, y, width, height } = document.querySelector('.ruler').getBoundingClientRect();
    return { x, y, width, height };
  });
  const x = ruler.x + ruler.width / 2;
  await page.mouse.move(x, ruler.y + 10);
  await page.mouse.down();
  const numbers = [];
  const texts = [];
  for (const share of [0.31, 0.62, 0.17, 0.88, 0.45, 0.73, 0.08, 0.96, 0.55, 0.24]) {
    const waits = page.evaluate(
      () =>
        new Promise((done) => {
          document.querySelector('.ruler').addEventListener(
            'pointermove',
            async () => {
              const began = performance.now();
              const inView = () => {
                const box = document.querySelector('[role=log]').getBoundingClientRect();
                return [...document.querySelectorAll('[role=log] .row')].filter((row) => {
                  const { top, bottom } = row.getBoundingClientRect();
                  return bottom > box.top && top < Math.min(box.bottom, innerHeight);
                });
              };
              const numbered = await window.probe.drawn();
              const rows = inView().length;
              const texted = () => {
                const shown = inView();
                return shown.length > 5 && shown.every((row) => row.querySelector('.text').textContent !== '');
              };
              while (!texted()) await window.probe.drawn();
              done({ rows, numbers: numbered - began, text: performance.now() - began });
            },
            { once: true, capture: true },
          );
        }),
    );
    await pause(50);
    await page.mouse.move(x, ruler.y + share * ruler.height);
    const took = await waits;
    if (took.rows < 5) throw new Error('no numbers in view after a drag');
    numbers.push(took.numbers);
    texts.push(took.text);
  }
  await page.mouse.up();
  return { numbers, texts };
}

async function search(page, text, want) {
  return page.evaluate(
    ([text, want]) =>
      new Promise((done) => {
        const field = document.querySelector('[role=toolbar] input[type=search]');
        const began = performance.now();
        field.value = text;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
        const look = async () => {
          const count = (document.querySelector('[role=toolbar] [role=status]')?.textContent ?? '').replace(/\s+/g, ' ');
          if (!count.includes(want)) return void requestAnimationFrame(look);
          done((await window.probe.drawn()) - began);
        };
        look();
      }),
    [text, want],
  );
}

export async function log(bed) {
  const url = await bed.million();
  const rows = [];
  const first = await opened(bed, url, 'lines');
  rows.push(atMost(`log of ${LINES} lines: first lines painted, nothing cached`, 300, first.ms, 'ms', { note: `median of 7, worst ${first.worst.toFixed(0)}` }));
  rows.push(atMost('its page: layout shift', 0, first.shift, 'in all', { digits: 4, note: first.moved }));

  const page = await bed.page();
  await page.goto(url);
  await page.waitForFunction(() => window.probe.painted.lines);
  await page.keyboard.press('O');
  const size = LINES * 20;
  let most = 0;
  const frames = await framesOf(page, async () => {
    most = Math.max(most, await wheel(page, size / 600, 620));
  });
  await page.getByText(`line ${LINES} of a log`).first().waitFor();
  const back = await framesOf(page, async () => {
    most = Math.max(most, await wheel(page, -400, 300));
  });
  const all = [...frames, ...back];
  rows.push(atMost('scrolled from end to end in 10 s, then by lines: longest frame', 50, highest(all), 'ms', { digits: 1, note: frameNote(all) }));
  rows.push(atMost('rows in the document', 400, most, 'rows'));

  const drags = await drag(page);
  rows.push(atMost('ruler dragged far: numbers drawn', 50, highest(drags.numbers), 'ms', { digits: 1, note: `10 drags, median ${median(drags.numbers).toFixed(1)}` }));
  rows.push(atMost('ruler dragged far: text drawn', 100, highest(drags.texts), 'ms', { digits: 1, note: `10 drags, median ${median(drags.texts).toFixed(1)}` }));

  const rare = await search(page, 'needle', 'of 3');
  const many = await search(page, 'words in it', 'of 10,000');
  const none = await search(page, 'notinthislog', 'no hits');
  rows.push(atMost('search of it, typed to painted count', 500, Math.max(rare, many, none), 'ms', { note: `one hit ${rare.toFixed(0)}, every line ${many.toFixed(0)}, none ${none.toFixed(0)}` }));
  if (page.trouble.length > 0) throw new Error(page.trouble.join('\n'));
  await page.context().close();
  rows.push(...(await memory(bed, url)));
  return rows;
}

/** What a page holds after its log was scrolled, dragged and searched as above. */
async function memory(bed, url) {
  const browser = await bed.browser();
  const lines = () => window.probe.painted.lines;
  // What the same page with ten lines takes is not the log's.
  let page = await bed.plainPage(await bed.small());
  await page.until(lines);
  await wheel(page, 100, 30);
  await pause(500);
  const emptyHeap = await heap(page);
  const empty = await privateMemory(browser);
  await page.close();

  page = await bed.plainPage(url);
  await page.until(lines);
  await page.evaluate(() => document.querySelector('[role=log]').dispatchEvent(new KeyboardEvent('keydown', { key: 'O', bubbles: true })));
  await wheel(page, (LINES * 20) / 600, 620);
  await page.until((last) => document.querySelector('[role=log]').textContent.includes(last), `line ${LINES} of a log`);
  await wheel(page, -400, 300);
  await drag(page);
  await search(page, 'needle', 'of 3');
  await search(page, 'words in it', 'of 10,000');
  await search(page, 'notinthislog', 'no hits');
  await search(page, 'needle', 'of 3');
  await pause(1000);
  const used = await heap(page);
  const held = await privateMemory(browser);
  await page.close();
  const rows = [];
  rows.push(atMost('memory of it after all that: private memory of the renderer above the page with ten lines', 60, Math.max(0, held - empty), 'MB', { digits: 1, note: `${held.toFixed(0)} against ${empty.toFixed(0)}` }));
  rows.push(atMost('the same: JavaScript heap, whole page', 60, used, 'MB', { digits: 1, note: `ten lines: ${emptyHeap.toFixed(1)}` }));
  return rows;
}
