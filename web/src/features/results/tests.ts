import type { Test, TestCounts } from '../../api/types';
import { count, duration, plural } from '../../lib/time';

/** Which tests are shown; the words of the API's `filter`. */
export const FILTERS = [
  { key: 'all', text: 'All' },
  { key: 'failed', text: 'Failed' },
  { key: 'new', text: 'Newly failing' },
  { key: 'flaky', text: 'Flaky' },
  { key: 'skipped', text: 'Skipped' },
  { key: 'slowest', text: 'Slowest' },
] as const;
export type Filter = (typeof FILTERS)[number]['key'];

/** `2 of 214 tests failed`. */
export function failedText(counts: TestCounts): string {
  if (counts.failed === 0) return '';
  if (counts.failed === counts.total) {
    return counts.total === 1 ? 'The only test failed' : `All ${count(counts.total)} tests failed`;
  }
  return `${count(counts.failed)} of ${plural(counts.total, 'test')} failed`;
}

/** How long a test took: milliseconds below a second. */
export function tookText(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 0.001) return '<1 ms';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return duration(seconds < 10 ? Math.round(seconds * 100) / 100 : seconds);
}

/** The parts of a whole in per cent, none that is there thinner than can be seen. */
export function shares(counts: TestCounts): { failed: number; passed: number; skipped: number } {
  const { total } = counts;
  if (total === 0) return { failed: 0, passed: 0, skipped: 0 };
  const seen = (n: number): number => (n === 0 ? 0 : Math.max((n / total) * 100, 1.5));
  const failed = seen(counts.failed);
  const skipped = seen(counts.skipped);
  return { failed, skipped, passed: counts.passed === 0 ? 0 : 100 - failed - skipped };
}

/** What the dots of a test say, for a screen reader. */
export function historyText(test: Test): string {
  const ran = test.history.filter((dot) => dot.outcome !== null);
  if (ran.length === 0) return 'No earlier build of the branch had it';
  const failed = ran.filter((dot) => dot.outcome === 'failed').length;
  return failed === 0
    ? `Passed in the last ${plural(ran.length, 'build')} of the branch`
    : `Failed in ${count(failed)} of the last ${plural(ran.length, 'build')} of the branch`;
}

/** How a file may be shown on our page: what it is by its name decides nothing else. */
export function previewOf(type: string, size: number): 'image' | 'text' | null {
  if (/^image\/(png|jpeg|gif|webp|avif|bmp)$/.test(type))
    return size <= 10_000_000 ? 'image' : null;
  if (/^text\/|^application\/(json|xml|toml|x-yaml|yaml)$/.test(type)) {
    return size <= 1_000_000 ? 'text' : null;
  }
  return null;
}

/** Tests that came on a later page, behind those that are shown, none twice. */
export function joined(shown: Test[], come: Test[]): Test[] {
  const known = new Set(shown.map((test) => `${test.job_id} ${test.id}`));
  return [...shown, ...come.filter((test) => !known.has(`${test.job_id} ${test.id}`))];
}
