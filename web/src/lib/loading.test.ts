import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { Loading } from './loading.svelte';

const away = (): ApiError => new ApiError(0, 'unreachable', 'The server does not answer.');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('loading', () => {
  it('asks a server that was away again until it answers', async () => {
    let calls = 0;
    const loading = new Loading(() => {
      calls++;
      return calls < 4 ? Promise.reject(away()) : Promise.resolve('here');
    });
    await loading.load();
    expect(loading.error?.unreachable).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(loading.value).toBe('here');
    expect(loading.error).toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBe(4);
  });

  it('loads what was wanted while a call was on its way, also when that one fails', async () => {
    let fail: (error: ApiError) => void = () => undefined;
    let calls = 0;
    const loading = new Loading(() => {
      calls++;
      if (calls > 1) return Promise.resolve('new');
      return new Promise<string>((_, reject) => (fail = reject));
    });
    const first = loading.load();
    await loading.load();
    fail(new ApiError(500, 'internal', 'An error.'));
    await first;
    expect(loading.value).toBe('new');
    expect(loading.error).toBeNull();
  });

  it('leaves an answer that is no to the reader, and gives up in the end', async () => {
    let calls = 0;
    const refused = new Loading(() => {
      calls++;
      return Promise.reject(new ApiError(404, 'not_found', 'Not found.'));
    });
    await refused.load();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBe(1);

    calls = 0;
    const gone = new Loading(() => {
      calls++;
      return Promise.reject(away());
    });
    await gone.load();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(calls).toBe(21);
  });

  it('forgets its next try with what it was about', async () => {
    let calls = 0;
    const loading = new Loading(() => {
      calls++;
      return Promise.reject(away());
    });
    await loading.load();
    loading.reset();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBe(1);
    expect(loading.error).toBeNull();
  });
});
