import type { LogLines } from '../../api/types';

export const BLOCK = 500;
/** Blocks kept: 20,000 lines, two megabytes or so. */
const KEPT = 40;
const AT_ONCE = 4;
const AHEAD = 2;
/** While the view flies over the log its blocks are asked for only so often, in milliseconds. */
const FLYING_MS = 50;

type Fetch = (first: number, count: number, signal: AbortSignal) => Promise<LogLines>;

/** Lines by blocks of 500: the least recently used go first, and a fast drag leaves nothing behind. */
export class BlockCache {
  private readonly blocks = new Map<number, string[]>();
  private readonly running = new Map<number, AbortController>();
  private queue: number[] = [];
  private limit = 0;
  private lastAt = 0;
  private lastBlock = 0;
  private later: ReturnType<typeof setTimeout> | undefined;
  private readonly fetch: Fetch;
  private readonly arrived: () => void;

  constructor(fetch: Fetch, arrived: () => void) {
    this.fetch = fetch;
    this.arrived = arrived;
  }

  line(at: number): string | undefined {
    return this.blocks.get(Math.floor(at / BLOCK))?.[at % BLOCK];
  }

  /** Puts lines in that are known from elsewhere, whole blocks only. */
  keep(first: number, lines: readonly string[]): void {
    for (let block = Math.ceil(first / BLOCK); ; block++) {
      const from = block * BLOCK - first;
      if (from >= lines.length) break;
      this.put(block, lines.slice(from, from + BLOCK));
    }
  }

  /**
   * Sees to it that these lines come, and two blocks more in the direction of travel. A view that
   * flies passes most of what it wants before it could come: then only what it wants every 50 ms is
   * asked for, and what it wants when it stands; what is ahead when that has come.
   */
  want(lines: readonly number[], limit: number, direction: 1 | -1): void {
    clearTimeout(this.later);
    const block = Math.floor((lines[0] ?? 0) / BLOCK);
    const flies = Math.abs(block - this.lastBlock) > 1;
    this.lastBlock = block;
    const wait = this.lastAt + FLYING_MS - performance.now();
    if (flies && wait > 0) {
      this.later = setTimeout(() => {
        this.lastAt = performance.now();
        this.ask(lines, limit, direction, true);
      }, wait);
      return;
    }
    if (flies) this.lastAt = performance.now();
    this.ask(lines, limit, direction, flies);
  }

  private ask(lines: readonly number[], limit: number, direction: 1 | -1, flies = false): void {
    this.limit = limit;
    const needed = new Set<number>();
    for (const line of lines) {
      const block = Math.floor(line / BLOCK);
      if (line < limit) {
        this.touch(block);
        if (this.line(line) === undefined) needed.add(block);
      }
    }
    const edge = direction > 0 ? lines.at(-1) : lines[0];
    const ahead: number[] = [];
    if (edge !== undefined && !flies) {
      for (let n = 1; n <= AHEAD; n++) {
        const block = Math.floor(edge / BLOCK) + n * direction;
        if (block >= 0 && block * BLOCK < limit && !this.blocks.has(block)) ahead.push(block);
      }
    }
    this.queue = [...needed, ...ahead.filter((block) => !needed.has(block))];
    const still = new Set(this.queue);
    for (const [block, abort] of this.running) if (!still.has(block)) abort.abort();
    this.pump();
  }

  clear(): void {
    clearTimeout(this.later);
    this.queue = [];
    for (const abort of this.running.values()) abort.abort();
    this.blocks.clear();
  }

  private pump(): void {
    while (this.running.size < AT_ONCE) {
      const block = this.queue.find((one) => !this.running.has(one));
      if (block === undefined) return;
      this.queue = this.queue.filter((one) => one !== block);
      void this.load(block);
    }
  }

  private async load(block: number): Promise<void> {
    const abort = new AbortController();
    this.running.set(block, abort);
    const first = block * BLOCK;
    try {
      const count = Math.min(BLOCK, Math.max(1, this.limit - first));
      const answer = await this.fetch(first, count, abort.signal);
      this.queue = this.queue.filter((one) => one !== block);
      this.put(block, answer.lines);
      this.arrived();
    } catch {
      // Left, or the server is away: whoever still looks there asks again.
    } finally {
      this.running.delete(block);
      this.pump();
    }
  }

  private put(block: number, lines: string[]): void {
    const known = this.blocks.get(block);
    if (known && known.length > lines.length) return;
    this.blocks.delete(block);
    this.blocks.set(block, lines);
    while (this.blocks.size > KEPT) {
      const oldest = this.blocks.keys().next().value;
      if (oldest === undefined) break;
      this.blocks.delete(oldest);
    }
  }

  private touch(block: number): void {
    const lines = this.blocks.get(block);
    if (!lines) return;
    this.blocks.delete(block);
    this.blocks.set(block, lines);
  }
}
