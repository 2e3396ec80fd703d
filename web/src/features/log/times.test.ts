import { expect, it } from 'vitest';
import { TimeColumn, nextKind, silenceWords } from './times';

const at = (line: number, seconds: number | null, took: number | null = null) => ({
  line,
  start_ns: seconds === null ? null : seconds * 1e9,
  duration_ns: took === null ? null : took * 1e9,
  event: null,
});
const START = 1_000_000;
const column = new TimeColumn([
  at(3, START + 1.5),
  at(8, START + 4, 2),
  at(8, START + 9),
  at(12, null),
]);

it('tells the time since the job began', () => {
  expect(column.text(3, 'start', START * 1000)).toBe('1.50 s');
  expect(column.text(8, 'start', START * 1000)).toBe('4.00 s');
});

it('tells the time since the one before', () => {
  expect(column.text(3, 'previous', START * 1000)).toMatch(/^\+0/);
  expect(column.text(8, 'previous', START * 1000)).toBe('+2.50 s');
});

it('tells the time of day, also when the start is not known', () => {
  expect(column.text(8, 'clock', START * 1000)).toMatch(/\d\d:\d\d:\d\d/);
  expect(column.text(8, 'start', null)).toBe(column.text(8, 'clock', null));
});

it('has nothing for other lines', () => {
  expect(column.text(4, 'start', 0)).toBeNull();
  expect(column.text(12, 'clock', 0)).toBeNull();
  expect(column.took(8)).toBe(2e9);
  expect(column.took(3)).toBeNull();
});

it('goes round by clicks', () => {
  expect(nextKind('start')).toBe('clock');
  expect(nextKind('clock')).toBe('previous');
  expect(nextKind('previous')).toBe('start');
});

it('says when a job has been silent for a minute', () => {
  expect(silenceWords(1000, 60_999)).toBe('');
  expect(silenceWords(1000, 61_000)).toBe('no output for 1 min');
  expect(silenceWords(1000, 1000 + 4 * 60_000 + 30_000)).toBe('no output for 4 min');
  expect(silenceWords(0, 1e12)).toBe('');
});
