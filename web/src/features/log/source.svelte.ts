import type { LogFold, LogIndex, LogLines, LogTime } from '../../api/types';
import { takeBootLog } from '../../lib/boot';
import { connection } from '../../lib/connection.svelte';
import { Loading } from '../../lib/loading.svelte';
import type { ApiError } from '../../api/client';
import { BlockCache } from './blocks';
import { Cleaner } from './clean';
import type { LogHome } from './homes';
import { MarkMerger } from './marks';

/** Lines of a running log that are kept at its end; what is before is fetched by range. */
const TAIL_MAX = 20_000;
const TAIL_KEEP = 10_000;
/** A reader who comes back is sent what was missed, up to so many bytes; beyond, only the end. */
const CATCH_UP = 2_000_000;

/** What a log is begun with: its index and, while it grows, the lines just before its end. */
interface Beginning {
  index: LogIndex;
  before: LogLines | null;
}

/**
 * One attempt's log: ranges of lines by the server, and the live end cleaned here, as one.
 * `version` changes whenever something that is shown may have.
 */
export class LogSource {
  total = $state(0);
  complete = $state(false);
  loaded = $state(false);
  folds = $state.raw<readonly LogFold[]>([]);
  times = $state.raw<readonly LogTime[]>([]);
  firstRed = $state<number | null>(null);
  version = $state(0);
  /** When the last byte came, for the note of silence. */
  heardAt = $state(0);
  private readonly attempt: number;
  private readonly home: LogHome;
  private readonly blocks: BlockCache;
  private cleaner: Cleaner | null = null;
  /** Finished lines of the live end, from `tailFirst` on. */
  private tail: string[] = [];
  private tailFirst = 0;
  private offset = 0;
  private indexed: LogIndex | null = null;
  private merger: MarkMerger | null = null;
  private hidden = false;
  private stopLive: (() => void) | null = null;
  private frame = 0;
  private readonly beginning: Loading<Beginning>;
  private readonly ending: Loading<LogIndex>;
  private begun: () => void = () => undefined;

  constructor(attempt: number, home: LogHome) {
    this.attempt = attempt;
    this.home = home;
    this.beginning = new Loading(
      () => this.fetchBeginning(),
      (beginning) => this.begin(beginning),
    );
    this.ending = new Loading(
      () => home.index(),
      (index) => this.close(index),
    );
    this.blocks = new BlockCache(
      (first, count, signal) => home.lines(first, count, signal),
      () => this.version++,
    );
  }

  get error(): ApiError | null {
    return this.beginning.error;
  }

  /**
   * Fetches the index and, while the log grows, its end; then listens. Done when the log is there:
   * a server that is away is asked again.
   */
  async start(): Promise<void> {
    const begun = new Promise<void>((resolve) => (this.begun = resolve));
    document.addEventListener('visibilitychange', this.seen);
    this.seen();
    const brought = takeBootLog(this.attempt);
    if (brought) this.takeBrought(brought);
    else if (this.loaded) {
      if (!this.complete) this.hear();
      this.begun();
    } else void this.beginning.load();
    await begun;
  }

  /**
   * Has the lines that the page brought along before anything is drawn, so that the first picture
   * of the page has them; `start` listens on.
   */
  beginAtOnce(): void {
    const brought = takeBootLog(this.attempt, (log) => log.lines !== null);
    if (!brought?.lines) return;
    const { index, lines } = brought;
    this.hidden = document.hidden;
    if (index.complete) this.blocks.keep(lines.first, lines.lines);
    this.takeIndex(index);
    if (!index.complete) this.lay(lines);
    this.loaded = true;
  }

  /** What the page brought along needs no asking. */
  private takeBrought({ index, lines }: { index: LogIndex; lines: LogLines | null }): void {
    if (index.complete && lines) this.blocks.keep(lines.first, lines.lines);
    if (!index.complete && !lines && index.lines > 1) void this.beginning.load();
    else this.begin({ index, before: index.complete ? null : lines });
  }

  /** Asks again for a log that could not be fetched. */
  again(): void {
    void this.beginning.load();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.seen);
    this.beginning.reset();
    this.ending.reset();
    this.stopLive?.();
    this.blocks.clear();
    cancelAnimationFrame(this.frame);
  }

  /** A log that nobody sees is not listened to; seen again it has what was missed. */
  private readonly seen = (): void => {
    if (this.hidden === document.hidden) return;
    this.hidden = document.hidden;
    if (this.complete || !this.cleaner) return;
    if (this.hidden) {
      this.settle();
      this.stopLive?.();
      this.stopLive = null;
    } else this.again();
  };

  /** The text of a line with its colours; nothing while it is on its way. */
  line(at: number): string | undefined {
    if (this.cleaner && at >= this.tailFirst) {
      return (
        this.tail[at - this.tailFirst] ??
        (at === this.total - 1 ? (this.cleaner.partial() ?? '') : undefined)
      );
    }
    return this.blocks.line(at);
  }

  /** Sees to it that these lines come, and two blocks more in the direction of travel. */
  want(lines: readonly number[], direction: 1 | -1): void {
    const wanted = this.cleaner ? lines.filter((line) => line < this.tailFirst) : lines;
    const limit = this.cleaner ? this.tailFirst : this.total;
    this.blocks.want(wanted, limit, direction);
  }

  /** Text of a range without holes: for copying. */
  async text(first: number, last: number): Promise<string[]> {
    const out: string[] = [];
    for (let at = first; at <= last;) {
      const known = this.line(at);
      if (known !== undefined) {
        out.push(known);
        at++;
        continue;
      }
      const part = await this.home.lines(at, Math.min(2000, last - at + 1));
      if (part.lines.length === 0) break;
      out.push(...part.lines);
      at += part.lines.length;
    }
    return out;
  }

  private takeIndex(index: LogIndex): void {
    this.indexed = index;
    this.merger = new MarkMerger(index);
    this.total = index.lines;
    this.complete = index.complete;
    this.folds = index.folds;
    this.times = index.times;
    this.firstRed = index.first_red;
    this.version++;
  }

  private async fetchBeginning(): Promise<Beginning> {
    const index = await this.home.index();
    if (!index.complete && this.cleaner && index.length - this.offset <= CATCH_UP) {
      return { index, before: null };
    }
    // The last line may be unfinished. Beginning one earlier, the live end starts on a border.
    const first = Math.max(0, index.lines - 1);
    if (index.complete || first === 0) return { index, before: null };
    const from = Math.max(0, first - 500);
    return { index, before: await this.home.lines(from, first - from) };
  }

  private begin({ index, before }: Beginning): void {
    if (this.cleaner && index.complete) this.close(index);
    else if (this.cleaner && index.length - this.offset <= CATCH_UP) this.hear();
    else {
      // What is on the screen stays there until the new is.
      if (this.cleaner) this.blocks.keep(this.tailFirst, this.tail);
      this.takeIndex(index);
      if (!index.complete) this.listen(before);
    }
    this.loaded = true;
    this.begun();
  }

  private listen(before: LogLines | null): void {
    this.lay(before);
    this.hear();
  }

  /** Begins the live end with the lines just before it. */
  private lay(before: LogLines | null): void {
    this.tail = [...(before?.lines ?? [])];
    this.tailFirst = before?.first ?? 0;
    this.cleaner = new Cleaner(this.tailFirst + this.tail.length);
    this.offset = before?.next_offset ?? 0;
    this.heardAt = Date.now();
    this.version++;
  }

  private hear(): void {
    this.stopLive?.();
    this.stopLive = null;
    if (this.hidden) return;
    this.stopLive = connection.subscribeLog(this.attempt, {
      offset: () => this.offset,
      data: (bytes) => this.take(bytes),
      end: (length) => this.end(length),
    });
  }

  private take(bytes: Uint8Array): void {
    this.offset += bytes.length;
    this.cleaner?.feed(bytes);
    this.heardAt = Date.now();
    // However many bytes come, they are drawn once a frame.
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.settle();
    });
  }

  private settle(): void {
    const cleaner = this.cleaner;
    if (!cleaner) return;
    for (const line of cleaner.take()) this.tail.push(line);
    if (this.tail.length > TAIL_MAX) {
      const drop = this.tail.length - TAIL_KEEP;
      this.tail = this.tail.slice(drop);
      this.tailFirst += drop;
    }
    this.total = Math.max(
      this.tailFirst + this.tail.length + (cleaner.partial() === null ? 0 : 1),
      this.indexed?.lines ?? 0,
    );
    const marks = this.merger?.merge(cleaner);
    if (marks) {
      this.folds = marks.folds;
      this.times = marks.times;
    }
    this.version++;
  }

  private end(length: number): void {
    if (this.offset < length) return;
    this.settle();
    void this.ending.load().then(() => {
      // A log that was removed meanwhile grows no more.
      const { error } = this.ending;
      if (error && !error.unreachable) this.complete = true;
    });
  }

  private close(index: LogIndex): void {
    this.stopLive?.();
    this.stopLive = null;
    // What the server says is the truth now; the end that is on the screen stays there.
    this.blocks.keep(this.tailFirst, this.tail);
    this.cleaner = null;
    this.tail = [];
    this.takeIndex(index);
  }
}
