import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../api/client';
import { api } from '../../api/endpoints';
import type { LogIndex, LogLines } from '../../api/types';
import { connection } from '../../lib/connection.svelte';
import type { LogListener } from '../../lib/live';
import { jobLog } from './homes';
import { LogSource } from './source.svelte';

const away = (): ApiError => new ApiError(0, 'unreachable', 'The server does not answer.');
const index = (lines: number, complete: boolean): LogIndex =>
  ({ lines, complete, folds: [], times: [], first_red: null }) as unknown as LogIndex;

let page: EventTarget & { hidden: boolean };
const hide = (hidden: boolean): void => {
  page.hidden = hidden;
  page.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
  page = Object.assign(new EventTarget(), { hidden: false, getElementById: () => null });
  vi.stubGlobal('document', page);
  vi.stubGlobal('requestAnimationFrame', () => 1);
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

  const growing = (length: number, lines: number): LogIndex => ({ ...index(lines, false), length });
  const listening = (): { heard: LogListener[]; stopped: () => number } => {
    const heard: LogListener[] = [];
    let stopped = 0;
    vi.spyOn(connection, 'subscribeLog').mockImplementation((_, given) => {
      heard.push(given);
      return () => void stopped++;
    });
    return { heard, stopped: () => stopped };
  };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('that nobody sees is not listened to; seen again it goes on where it was', async () => {
    const { heard, stopped } = listening();
    vi.spyOn(api, 'logIndex').mockResolvedValueOnce(growing(0, 0)).mockResolvedValue(growing(9, 3));
    const source = new LogSource(2, jobLog(1, 2));
    await source.start();
    heard[0]?.data(bytes('a\nb\n'));
    hide(true);
    expect(stopped()).toBe(1);
    // What had come is not lost.
    expect([source.line(0), source.line(1), source.total]).toEqual(['a', 'b', 2]);
    hide(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(heard.length).toBe(2);
    expect(heard[1]?.offset()).toBe(4);
  });

  it('that grew much while nobody saw it goes on at its end', async () => {
    const { heard } = listening();
    vi.spyOn(api, 'logIndex')
      .mockResolvedValueOnce(growing(0, 0))
      .mockResolvedValue(growing(90_000_000, 1_000_001));
    const lines = vi.spyOn(api, 'logLines').mockResolvedValue({
      first: 999_500,
      lines: Array.from({ length: 500 }, (_, at) => `line ${999_500 + at}`),
      next_offset: 89_999_990,
    } as unknown as LogLines);
    const source = new LogSource(2, jobLog(1, 2));
    await source.start();
    hide(true);
    hide(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(lines).toHaveBeenCalledWith(1, 999_500, 500, 2, undefined);
    expect(heard[1]?.offset()).toBe(89_999_990);
    expect(source.total).toBe(1_000_001);
    expect(source.line(999_999)).toBe('line 999999');
  });

  it('that ended while nobody saw it is whole when it is seen', async () => {
    const { heard } = listening();
    vi.spyOn(api, 'logIndex')
      .mockResolvedValueOnce(growing(0, 0))
      .mockResolvedValue({ ...index(5, true), length: 50 });
    const source = new LogSource(2, jobLog(1, 2));
    await source.start();
    heard[0]?.data(bytes('a\n'));
    hide(true);
    hide(false);
    await vi.advanceTimersByTimeAsync(0);
    expect([source.complete, source.total]).toEqual([true, 5]);
  });

  it('opened in the background listens when it is seen', async () => {
    const { heard } = listening();
    vi.spyOn(api, 'logIndex').mockResolvedValue(growing(4, 1));
    page.hidden = true;
    const source = new LogSource(2, jobLog(1, 2));
    await source.start();
    expect(heard.length).toBe(0);
    hide(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(heard.length).toBe(1);
  });
});
