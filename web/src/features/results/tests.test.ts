import { describe, expect, it } from 'vitest';
import { failedText, historyText, joined, previewOf, shares, tookText } from './tests';
import type { Test } from '../../api/types';

const counts = (passed: number, failed: number, skipped = 0) => ({
  total: passed + failed + skipped,
  passed,
  failed,
  skipped,
});
const test = (id: string, outcomes: (string | null)[] = []): Test => ({
  id,
  job_id: 1,
  job_number: '7.1',
  name: id,
  suite: '',
  file: null,
  outcome: 'failed',
  seconds: null,
  message: null,
  log_line: null,
  newly_failing: false,
  flaky: false,
  history: outcomes.map((outcome, at) => ({ build_id: at, outcome })),
});

describe('tests', () => {
  it('says how many failed', () => {
    expect(failedText(counts(212, 2))).toBe('2 of 214 tests failed');
    expect(failedText(counts(5, 0))).toBe('');
    expect(failedText(counts(0, 1))).toBe('The only test failed');
    expect(failedText(counts(0, 1200))).toBe('All 1,200 tests failed');
  });
  it('says how long one took', () => {
    expect(tookText(null)).toBe('');
    expect(tookText(0.0001)).toBe('<1 ms');
    expect(tookText(0.25)).toBe('250 ms');
    expect(tookText(75)).toBe('1 min 15 s');
  });
  it('shows every part of a whole', () => {
    const { failed, passed } = shares(counts(9_999, 1));
    expect(failed).toBe(1.5);
    expect(passed).toBeCloseTo(98.5);
    expect(shares(counts(0, 0))).toEqual({ failed: 0, passed: 0, skipped: 0 });
  });
  it('reads dots out', () => {
    expect(historyText(test('a', ['passed', 'failed', null]))).toBe(
      'Failed in 1 of the last 2 builds of the branch',
    );
    expect(historyText(test('a'))).toBe('No earlier build of the branch had it');
  });
  it('shows pictures and text of bearable size only', () => {
    expect(previewOf('image/png', 10)).toBe('image');
    expect(previewOf('image/svg+xml', 10)).toBe(null);
    expect(previewOf('text/html', 10)).toBe('text');
    expect(previewOf('text/plain', 2_000_000)).toBe(null);
    expect(previewOf('application/zip', 10)).toBe(null);
  });
  it('joins pages', () => {
    expect(joined([test('a')], [test('a'), test('b')]).map((t) => t.id)).toEqual(['a', 'b']);
  });
});
