import { afterEach, expect, it, vi } from 'vitest';
import { CalmChoice } from './calm.svelte';

afterEach(() => vi.useRealTimers());

it('takes the first at once and the next when that has stood for two seconds', () => {
  vi.useFakeTimers();
  const calm = new CalmChoice();
  calm.choose(1);
  expect(calm.id).toBe(1);
  let cancel = calm.choose(2);
  expect(calm.id).toBe(1);
  // Many changes: the last of them counts.
  for (let turn = 3; turn < 20; turn++) {
    vi.advanceTimersByTime(100);
    cancel?.();
    cancel = calm.choose(turn);
  }
  expect(calm.id).toBe(1);
  vi.advanceTimersByTime(1000);
  expect(calm.id).toBe(19);
});
