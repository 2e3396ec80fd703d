import { tick } from 'svelte';
import type { LogFold } from '../../api/types';
import { copyText } from '../../lib/copy';
import { nav } from '../../lib/navigation.svelte';
import { toasts } from '../../lib/toasts.svelte';
import { strip } from './clean';
import { findFailures } from './failures';
import { jobLog } from './homes';
import { LogFinder } from './search.svelte';
import { extended, parseHash, rangeWords, toHash, wantsFailure, type Range } from './selection';
import { LogSource } from './source.svelte';
import { TimeColumn, nextKind, type TimeKind } from './times';
import { LogView } from './view.svelte';

/** One reader in one attempt's log: what is in view, chosen, searched, and what the keys do. */
export class LogReading {
  readonly source: LogSource;
  readonly view: LogView;
  readonly finder: LogFinder;
  selection = $state.raw<Range | null>(null);
  /** The line that the keys act on, counted from 0. */
  cursor = $state(0);
  showTimes = $state(false);
  timeKind = $state<TimeKind>('start');
  failures = $state.raw<readonly number[]>([]);
  readonly red: ReadonlySet<number> = $derived(new Set(this.failures));
  readonly times = $derived.by(() => new TimeColumn(this.source.times));
  /** The head of the innermost open fold that the top of the view is in, when it is above it. */
  readonly stuck: LogFold | null = $derived.by(() => {
    const { view } = this;
    const fold = view.tree
      .around(view.topLine)
      .findLast((one) => one.first < view.topLine && one.last !== one.first && !view.isClosed(one));
    return fold && view.positions.topOf(fold.first) + 10 < view.y ? fold : null;
  });
  private readonly job: number;
  private readonly attempt: number;
  private readonly badly: () => boolean;
  private failureAt = -1;
  private asked = false;

  constructor(job: number, attempt: number, badly: () => boolean) {
    this.job = job;
    this.attempt = attempt;
    this.badly = badly;
    this.source = new LogSource(attempt, jobLog(job, attempt));
    this.view = new LogView(this.source, badly);
    this.finder = new LogFinder(job, attempt);
    // An address that names a line, and a log that fails, are opened elsewhere than at the top.
    if (nav.place.hash === '' && !badly()) {
      this.source.beginAtOnce();
      if (this.source.loaded && !this.source.complete) this.view.startFollowing();
    }
  }

  /** Opens the log where its address says; else where it is worth looking. */
  async start(): Promise<void> {
    const { hash } = nav.place;
    this.selection = parseHash(hash);
    if (this.selection) this.cursor = this.selection.to - 1;
    await this.source.start();
    if (this.selection) await this.view.show(this.selection.from - 1, true);
    else if (wantsFailure(hash) && (await this.firstFailure(true))) return;
    else if (!this.source.complete) this.view.startFollowing();
    else if (this.badly()) await this.firstFailure(true);
  }

  /** The address changed while the log was open. */
  follow(hash: string): void {
    if (wantsFailure(hash)) {
      this.failureAt = -1;
      void this.firstFailure();
      return;
    }
    const range = parseHash(hash);
    if (!range || (range.from === this.selection?.from && range.to === this.selection.to)) return;
    this.selection = range;
    this.cursor = range.to - 1;
    void this.view.show(range.from - 1, true);
  }

  /** Chooses a line; with `extend`, all from the one chosen first to it. */
  choose(line: number, extend: boolean): void {
    const number = line + 1;
    const known = this.selection;
    const same = known?.from === number && known.to === number;
    if (extend && known) this.selection = extended(known, this.cursor + 1, number);
    else this.selection = same ? null : { from: number, to: number };
    this.cursor = line;
    this.view.stopFollowing();
    nav.setHash(toHash(this.selection));
  }

  isChosen(line: number): boolean {
    const range = this.selection;
    return range !== null && line >= range.from - 1 && line < range.to;
  }

  /** Goes to where the log fails, or to the next such place; false when there is none. */
  async firstFailure(quiet = false): Promise<boolean> {
    if (!this.asked || !this.source.complete) {
      this.failures = await findFailures(
        this.job,
        this.attempt,
        this.source.firstRed,
        this.badly() ? (this.source.times.at(-1)?.line ?? null) : null,
      );
      this.asked = true;
    }
    if (this.failures.length === 0) {
      if (!quiet) toasts.show('Nothing in this log looks like a failure', 'passed');
      return false;
    }
    this.failureAt = (this.failureAt + 1) % this.failures.length;
    const line = this.failures[this.failureAt] ?? 0;
    this.cursor = line;
    await this.view.show(line, quiet);
    return true;
  }

  moveCursor(by: number, extend: boolean): void {
    const { positions } = this.view;
    const row = positions.rowOf(this.cursor) ?? 0;
    const line = positions.lineOf(Math.max(0, Math.min(positions.rows - 1, row + by)));
    if (line === this.cursor && this.selection) return;
    this.choose(line, extend);
    void this.view.show(line);
  }

  /** The next fold's head, or the one before. */
  moveFold(by: 1 | -1): void {
    const heads = this.view.tree.folds.filter(
      (fold) => this.view.positions.headAt(fold.first) === fold,
    );
    const next =
      by > 0
        ? heads.find((fold) => fold.first > this.cursor)
        : heads.findLast((fold) => fold.first < this.cursor);
    if (!next) return;
    this.cursor = next.first;
    void this.view.show(next.first);
    void tick().then(() => this.view.focusHead(next.first));
  }

  toggleFold(): void {
    const fold = this.view.tree.innermost(this.cursor);
    if (fold) this.view.toggle(fold);
  }

  nextTime(): void {
    this.timeKind = nextKind(this.timeKind);
  }

  async copyLink(): Promise<void> {
    const range = this.selection;
    await copyText(location.origin + location.pathname + location.search + toHash(range));
    toasts.show(range ? `Link to ${rangeWords(range).toLowerCase()} copied` : 'Link copied');
  }

  /** The chosen lines without numbers and colours. */
  async copyLines(): Promise<void> {
    const range = this.selection;
    if (!range) return;
    const lines = await this.plain(range.from - 1, range.to - 1);
    await copyText(lines.join('\n'));
    toasts.show(`Text of ${rangeWords(range).toLowerCase()} copied`);
  }

  /** Lines as they are read aloud or copied. */
  async plain(first: number, last: number): Promise<string[]> {
    const lines = await this.source.text(Math.max(0, first), Math.min(last, this.source.total - 1));
    return lines.map(strip);
  }
}
