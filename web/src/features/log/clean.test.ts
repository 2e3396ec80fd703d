import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Cleaner, drawLine } from './clean';

interface Fixture {
  name: string;
  raw: string;
  lines: string[];
  folds: unknown[];
  times: unknown[];
}

function clean(raw: Uint8Array, step: number): Omit<Fixture, 'name' | 'raw'> {
  const cleaner = new Cleaner();
  for (let at = 0; at < raw.length; at += step) cleaner.feed(raw.subarray(at, at + step));
  cleaner.end();
  const partial = cleaner.partial();
  const lines = [...cleaner.take(), ...(partial === null ? [] : [partial])];
  return { lines, folds: cleaner.folds, times: cleaner.times };
}

const own: Fixture[] = [
  {
    name: 'progress',
    raw: '10 %\r55 %\r100 %\r\nok\r\n',
    lines: ['100 %', 'ok'],
    folds: [],
    times: [],
  },
  { name: 'umlaut cut by a frame', raw: 'Grüße €\n', lines: ['Grüße €'], folds: [], times: [] },
  { name: 'tab stays', raw: 'a\tb\x07\n', lines: ['a\tb'], folds: [], times: [] },
];

const shared = '../crates/logs/fixtures/clean-lines.json';
const fixtures = existsSync(shared)
  ? [...own, ...(JSON.parse(readFileSync(shared, 'utf8')) as Fixture[])]
  : own;

describe('cleaning', () => {
  it.each(fixtures)('$name, whole and in pieces', ({ raw, lines, folds, times }) => {
    const bytes = new TextEncoder().encode(raw);
    const steps =
      bytes.length > 5000 ? [bytes.length, 4096] : [Math.max(1, bytes.length), 1, 2, 3, 7];
    for (const step of steps)
      expect(clean(bytes, step), `step ${step}`).toEqual({ lines, folds, times });
  });

  it('shows the line without newline and goes on with it', () => {
    const cleaner = new Cleaner(41);
    cleaner.feedText('travis_fold:start:a\r\x1b[0Ktest one ... ');
    expect(cleaner.partial()).toBe('test one ... ');
    cleaner.feedText('ok\nnext');
    expect(cleaner.take()).toEqual(['test one ... ok']);
    expect(cleaner.partial()).toBe('next');
    expect(cleaner.folds[0]?.first).toBe(41);
  });

  it('cleans many lines in little time', () => {
    const text = `${'test a::b ... \x1b[32mok\x1b[0m\r\n'.repeat(50_000)}`;
    const cleaner = new Cleaner();
    const start = performance.now();
    cleaner.feed(new TextEncoder().encode(text));
    expect(cleaner.take()).toHaveLength(50_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('draws without what a terminal would not show', () => {
    expect(drawLine('a\x1b]0;title\x07b')).toBe('ab');
  });
});
