import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../api/client';
import { api } from '../../api/endpoints';
import type { LogIndex } from '../../api/types';
import { connection } from '../../lib/connection.svelte';
import type { LogListener } from '../../lib/live';
import { jobLog } from './homes';
import { LogSource } from './source.svelte';

const away = (): ApiError => new ApiError(0, 'unreachable', 'The server does not answer.');
const index = (lines: number, complete: boolean): LogIndex =>
  ({ lines, complete, folds: [], times: [], first_red: null }) as unknown as LogIndex;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a log', () => {
  it('comes by itself when the server was away as it was opened', async () => {
    const asked = vi
      .spyOn(api, 'logIndex')
      .mockRejectedValueOnce(away())
      .mockRejectedValueOnce(away())
      .mockResolvedValue(index(3, true));
    const source = new LogSource(2, jobLog(1, 2));
    let begun = false;
    void source.start().then(() => (begun = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(source.error?.unreachable).toBe(true);
    expect(begun).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(source.error).toBeNull();
    expect([begun, source.loaded, source.total]).toEqual([true, true, 3]);
    expect(asked).toHaveBeenCalledTimes(3);
  });

  it('is closed in the end though the server was away just then', async () => {
    let listener: LogListener | undefined;
    vi.spyOn(connection, 'subscribeLog').mockImplementation((_, given) => {
      listener = given;
      return () => undefined;
    });
    const asked = vi.spyOn(api, 'logIndex').mockResolvedValueOnce(index(0, false));
    const source = new LogSource(2, jobLog(1, 2));
    await source.start();
    asked.mockRejectedValueOnce(away()).mockResolvedValueOnce(index(7, true));
    listener?.end(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([source.complete, source.total]).toEqual([true, 7]);
  });

  it('that was left asks no more', async () => {
    const asked = vi.spyOn(api, 'logIndex').mockRejectedValue(away());
    const source = new LogSource(2, jobLog(1, 2));
    void source.start();
    await vi.advanceTimersByTimeAsync(0);
    source.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});
