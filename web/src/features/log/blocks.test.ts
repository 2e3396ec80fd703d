import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LogLines } from '../../api/types';
import { BLOCK, BlockCache } from './blocks';

const settle = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};

function cache(): { blocks: BlockCache; asked: number[] } {
  const asked: number[] = [];
  const blocks = new BlockCache(
    (first, count) => {
      asked.push(first);
      const lines = Array.from({ length: count }, (_, at) => `line ${first + at}`);
      return Promise.resolve({ lines } as LogLines);
    },
    () => undefined,
  );
  return { blocks, asked };
}

afterEach(() => vi.useRealTimers());

describe('blocks of lines', () => {
  it('come when wanted, with two ahead in the direction of travel', async () => {
    const { blocks, asked } = cache();
    blocks.want([700, 701], 10_000, 1);
    await settle();
    expect(asked).toEqual([500, 1000, 1500]);
    expect(blocks.line(701)).toBe('line 701');
    blocks.want([700], 10_000, -1);
    await settle();
    expect(asked).toEqual([500, 1000, 1500, 0]);
  });

  it('are fetched once, however often they are wanted while they come', async () => {
    const { blocks, asked } = cache();
    blocks.want([0], 10_000, 1);
    blocks.want([0], 10_000, 1);
    await settle();
    expect(asked).toEqual([0, 500, 1000]);
  });

  it('are fetched again when the log has grown past what they held', async () => {
    const { blocks, asked } = cache();
    blocks.want([10], 20, 1);
    await settle();
    expect(blocks.line(25)).toBeUndefined();
    blocks.want([25], 40, 1);
    await settle();
    expect(blocks.line(25)).toBe('line 25');
    expect(asked).toEqual([0, 0]);
  });

  it('are let go, the oldest first', async () => {
    const { blocks } = cache();
    for (let block = 0; block < 100; block++) {
      blocks.want([block * BLOCK], 100 * BLOCK, -1);
      await settle();
    }
    expect(blocks.line(0)).toBeUndefined();
    expect(blocks.line(99 * BLOCK)).toBe(`line ${99 * BLOCK}`);
  });

  it('are asked for every 50 ms only while the view flies over them, and where it stands', async () => {
    vi.useFakeTimers();
    const { blocks, asked } = cache();
    await vi.advanceTimersByTimeAsync(1000);
    for (let turn = 1; turn <= 20; turn++) {
      blocks.want([turn * 5000], 1_000_000, 1);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(asked.length).toBeLessThanOrEqual(8);
    await vi.advanceTimersByTimeAsync(60);
    expect(blocks.line(100_000)).toBe('line 100000');
    // Where it stands, two more come.
    blocks.want([100_000], 1_000_000, 1);
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.slice(-3)).toEqual([100_000, 100_500, 101_000]);
  });
});
