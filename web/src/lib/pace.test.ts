import { expect, it } from 'vitest';
import { Pacer } from './pace';

/** A page whose frames come every 16 ms and cost so much. */
function page(cost: number): { pacer: Pacer; until: (end: number) => void } {
  let time = 0;
  const due: { at: number; run: () => void }[] = [];
  const at = (when: number, run: () => void): void => void due.push({ at: when, run });
  const pacer = new Pacer({
    now: () => time,
    frame: (run) => at(Math.floor(time / 16) * 16 + 16, run),
    drawn: (run) => at(time + cost, run),
    later: (run, ms) => at(time + ms, run),
  });
  const until = (end: number): void => {
    for (;;) {
      due.sort((a, b) => a.at - b.at);
      const next = due[0];
      if (!next || next.at > end) break;
      due.shift();
      time = Math.max(time, next.at);
      next.run();
    }
    time = end;
  };
  return { pacer, until };
}

/** Events every 5 ms for a second: how often they were drawn. */
function flood(cost: number): { draws: number } {
  const { pacer, until } = page(cost);
  let waiting = false;
  let draws = 0;
  for (let now = 0; now < 1000; now += 5) {
    until(now);
    if (waiting) continue;
    waiting = true;
    pacer.gather(() => {
      draws++;
      waiting = false;
    });
  }
  return { draws };
}

it('draws a single event in the next frame', () => {
  const { pacer, until } = page(4);
  let drawn = false;
  until(1000);
  pacer.gather(() => (drawn = true));
  until(1017);
  expect(drawn).toBe(true);
});

it('spends a tenth of the time on a flood of events', () => {
  for (const cost of [2, 4, 8]) expect(flood(cost).draws * cost).toBeLessThanOrEqual(110);
  expect(flood(2).draws).toBeGreaterThan(20);
});

it('never rests long, however much a frame costs', () => {
  expect(flood(60).draws).toBeGreaterThan(3);
});
