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

/** Events every 5 ms for three seconds: how often they were drawn in the last of them. */
function flood(cost: number): { draws: number } {
  const { pacer, until } = page(cost);
  let waiting = false;
  let draws = 0;
  for (let now = 0; now < 3000; now += 5) {
    until(now);
    if (waiting) continue;
    waiting = true;
    pacer.gather(() => {
      if (now >= 2000) draws++;
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

it('spends little of the time on a flood of events', () => {
  for (const cost of [2, 4, 8]) expect(flood(cost).draws * cost).toBeLessThanOrEqual(40);
  expect(flood(2).draws).toBeGreaterThan(10);
});

it('draws a few events after a pause each in its own frame', () => {
  const { pacer, until } = page(8);
  let drawn = 0;
  for (let event = 0; event < 6; event++) {
    pacer.gather(() => drawn++);
    until(1000 + (event + 1) * 40);
    expect(drawn).toBe(event + 1);
  }
});

it('never rests long, however much a frame costs', () => {
  expect(flood(60).draws).toBeGreaterThanOrEqual(2);
});
