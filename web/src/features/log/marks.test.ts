import { expect, it } from 'vitest';
import type { LogIndex } from '../../api/types';
import { Cleaner } from './clean';
import { MarkMerger } from './marks';

const START = 1_000;
const index = {
  folds: [
    { name: 'system', first: 0, last: 4, duration_ns: 5 },
    { name: 'script', first: 8, last: null, duration_ns: null },
  ],
  times: [{ line: 8, start_ns: START, duration_ns: null, event: null }],
} as unknown as LogIndex;

it('ends folds of the index by markers that come later, and adds new ones', () => {
  const cleaner = new Cleaner(20);
  const merger = new MarkMerger(index);
  cleaner.feedText(
    'more\ntravis_fold:end:script\r\x1b[0Ktravis_fold:start:after\r\x1b[0Kafter it\n',
  );
  const marks = merger.merge(cleaner);
  expect(marks?.folds.map(({ name, first, last }) => [name, first, last])).toEqual([
    ['system', 0, 4],
    ['script', 8, 20],
    ['after', 21, null],
  ]);
  expect(marks?.times.map((time) => time.line)).toEqual([8]);
});

it('makes no new lists while no marker comes', () => {
  const cleaner = new Cleaner(20);
  const merger = new MarkMerger(index);
  expect(merger.merge(cleaner)).not.toBeNull();
  cleaner.feedText('only text\nand more\n');
  expect(merger.merge(cleaner)).toBeNull();
  cleaner.feedText('travis_time:start:1a\r\x1b[0K');
  expect(merger.merge(cleaner)?.times.length).toBe(2);
});
