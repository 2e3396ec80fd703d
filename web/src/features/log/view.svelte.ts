import { tick } from 'svelte';
import type { LogFold } from '../../api/types';
import { FoldTree } from './folds';
import { HEAD, Positions, ROW, Scale } from './positions';
import { RowKeys } from './rowKeys';
import type { LogSource } from './source.svelte';

export const OVERSCAN = 24;
const ROWS_MAX = 390;
/** Space above the first and below the last row. */
export const PAD = 10;
const END_ROOM = 44;
const NEAR_END = 12;
/** A character of the log's type is so wide, by its size; a little more than it is. */
const CHAR_SHARE = 0.62;
/** Number, times, guides, name and duration of a row take less. */
const BESIDE = 420;
const PLAIN_TEXT = /^[\x1b\x20-\x7e]*$/;

export interface VisibleRow {
  /** Which element shows it. */
  key: number;
  line: number;
  head: LogFold | undefined;
}

const keyOf = (fold: LogFold): string => `${fold.name}@${fold.first}`;

/** What part of the log is in view: folds, scroll place, following, measured rows. */
export class LogView {
  /** Place in the log of the top of the view, in pixels. */
  y = $state(0);
  viewHeight = $state(600);
  follow = $state(false);
  wrap = $state(true);
  /** Rows beyond the view are drawn when those in it have been. */
  around = $state(0);
  /** Lines that came since following stopped. */
  seen = $state(0);
  private readonly source: LogSource;
  private chosen = $state.raw<ReadonlyMap<string, boolean>>(new Map());
  private extras = $state.raw<ReadonlyMap<number, number>>(new Map());
  private readonly failed: () => boolean;
  private readonly rowKeys = new RowKeys();
  // Rows with the focus or chosen text stay their line's. Heard of by events: asking the browser
  // makes it lay out.
  private textChosen = false;
  /** Something in a row has the focus. */
  focused = false;
  private scroller: HTMLElement | null = null;
  private set = -1;
  private charWidth = 0;
  private width = 0;
  direction: 1 | -1 = 1;
  readonly tree = $derived.by(() => new FoldTree(this.source.folds));

  readonly positions = $derived.by(
    () =>
      new Positions(this.source.total, this.tree.folds, (fold) => this.isClosed(fold), this.extras),
  );
  readonly scale = $derived(new Scale(this.positions.height + PAD * 2 + END_ROOM, this.viewHeight));
  readonly rows: VisibleRow[] = $derived.by(() => {
    const { positions } = this;
    if (positions.rows === 0) return [];
    const first = Math.max(0, positions.rowAt(this.y - PAD) - this.around);
    const last = Math.min(
      positions.rows - 1,
      positions.rowAt(this.y - PAD + this.viewHeight) + this.around,
      first + ROWS_MAX,
    );
    const lines: number[] = [];
    for (let row = first; row <= last; row++) lines.push(positions.lineOf(row));
    const keys = this.rowKeys.assign(lines, () => !this.textChosen && !this.focused);
    return lines.map((line, at) => ({ key: keys[at] ?? at, line, head: positions.headAt(line) }));
  });
  /** Where the drawn rows begin within the spacer. */
  readonly offset = $derived.by(() => {
    const first = this.rows[0]?.line ?? 0;
    return this.scale.toScroll(this.y) + PAD + this.positions.topOf(first) - this.y;
  });
  readonly topLine = $derived(this.positions.lineOf(this.positions.rowAt(this.y - PAD)));

  constructor(source: LogSource, failed: () => boolean) {
    this.source = source;
    this.failed = failed;
  }

  attach(scroller: HTMLElement): void {
    this.scroller = scroller;
  }

  isClosed(fold: LogFold): boolean {
    const chosen = this.chosen.size > 0 ? this.chosen.get(keyOf(fold)) : undefined;
    if (chosen !== undefined) return chosen;
    if (fold.last === null || fold.last === fold.first) return false;
    if (fold.name === 'script' || fold.name.startsWith('script.')) return false;
    // Of a log that ended badly, a fold at the very end is the one that did.
    return !(this.failed() && this.source.total - fold.last < NEAR_END);
  }

  toggle(fold: LogFold, all = false): void {
    const closed = !this.isClosed(fold);
    this.keepPlace(() => {
      const chosen = new Map(this.chosen);
      for (const one of all ? this.source.folds : [fold]) chosen.set(keyOf(one), closed);
      this.chosen = chosen;
    }, fold.first);
  }

  setAll(closed: boolean): void {
    this.keepPlace(() => {
      this.chosen = new Map(this.source.folds.map((fold) => [keyOf(fold), closed]));
    }, this.topLine);
  }

  get anyOpen(): boolean {
    return this.source.folds.some((fold) => fold.last !== null && !this.isClosed(fold));
  }

  /** Opens what hides a line. */
  unfold(line: number): void {
    const hiding = this.tree
      .around(line)
      .filter((fold) => fold.first < line && this.isClosed(fold));
    if (hiding.length === 0) return;
    const chosen = new Map(this.chosen);
    for (const fold of hiding) chosen.set(keyOf(fold), false);
    this.chosen = chosen;
  }

  /** Brings a line into view, a third from the top. */
  async show(line: number, always = false): Promise<void> {
    this.follow = false;
    this.unfold(line);
    await tick();
    const top = this.positions.topOf(line) + PAD;
    const inView = top > this.y + ROW && top < this.y + this.viewHeight - 2 * ROW;
    if (!inView || always) this.move(top - this.viewHeight / 3);
  }

  toEnd(): void {
    this.move(Infinity);
  }

  move(y: number): void {
    const next = this.scale.clamp(y);
    this.direction = next >= this.y ? 1 : -1;
    this.y = next;
    this.place();
  }

  /** The browser's scroll bar moved. */
  scrolled(): void {
    const top = this.scroller?.scrollTop ?? 0;
    if (Math.abs(top - this.set) < 1.5) return;
    const y = this.scale.toLog(top);
    if (y < this.y - 2) this.stopFollowing();
    this.direction = y >= this.y ? 1 : -1;
    this.y = y;
    this.set = top;
  }

  /** Where the height is scaled a turn of the wheel must still be a turn of the wheel. */
  wheel(event: WheelEvent): void {
    if (event.deltaY < 0) this.stopFollowing();
    if (!this.scale.scaled || event.ctrlKey) return;
    event.preventDefault();
    this.move(this.y + event.deltaY * (event.deltaMode === 1 ? ROW : 1));
  }

  stopFollowing(): void {
    if (!this.follow) return;
    this.follow = false;
    this.seen = this.source.total;
  }

  startFollowing(): void {
    this.follow = !this.source.complete;
    this.toEnd();
  }

  focusHead(line: number): void {
    this.scroller
      ?.querySelector<HTMLElement>(`[data-line='${line}'] button`)
      ?.focus({ preventScroll: true });
  }

  /** Text was chosen with the pointer: it must not move. */
  chosenText(): void {
    const chosen = getSelection();
    this.textChosen =
      chosen?.isCollapsed === false && this.scroller?.contains(chosen.anchorNode) === true;
    if (this.textChosen) this.stopFollowing();
  }

  /** Takes the real heights of drawn rows; what stands at the top of the view stays there. */
  measure(container: HTMLElement): void {
    if (!this.wrap) return;
    const room = this.columns(container);
    let changed: Map<number, number> | null = null;
    for (const row of container.children) {
      const line = Number((row as HTMLElement).dataset['line']);
      const base = this.positions.headAt(line) ? HEAD : ROW;
      // Asking for a height makes the browser lay out: what can't wrap isn't asked.
      const text = this.source.line(line);
      const fits = text !== undefined && text.length <= room && PLAIN_TEXT.test(text);
      const extra = fits ? 0 : (row as HTMLElement).offsetHeight - base;
      if ((this.extras.get(line) ?? 0) === extra) continue;
      changed ??= new Map(this.extras);
      if (extra > 0) changed.set(line, extra);
      else changed.delete(line);
    }
    if (!changed) return;
    const next = changed;
    if (this.follow) {
      this.extras = next;
      void tick().then(() => this.toEnd());
    } else this.keepPlace(() => (this.extras = next), this.topLine);
  }

  /** So many characters stand on one row, whatever stands beside them. */
  private columns(container: HTMLElement): number {
    if (this.charWidth === 0) {
      this.charWidth = parseFloat(getComputedStyle(container).fontSize) * CHAR_SHARE;
      this.width = container.clientWidth;
    }
    return Math.floor((this.width - BESIDE) / this.charWidth);
  }

  /** The width changed: what was measured is no longer so. */
  forgetHeights(): void {
    this.charWidth = 0;
    if (this.extras.size > 0) this.extras = new Map();
  }

  private keepPlace(change: () => void, line: number): void {
    const before = this.positions.topOf(line) - this.y;
    change();
    const y = this.scale.clamp(this.positions.topOf(line) - before);
    if (Math.abs(y - this.y) > 0.5) this.y = y;
    void tick().then(() => this.place());
  }

  /** Whoever follows is at the end before the rows are made: else some are made for nothing. */
  stayAtEnd(): void {
    if (this.follow) this.y = this.scale.clamp(Infinity);
  }

  /** The view or the log changed its height. */
  settle(): void {
    // Placed when the rows of the new end are drawn: asked before, the browser lays out twice.
    if (this.follow) {
      this.stayAtEnd();
      void tick().then(() => this.place());
    } else {
      const y = this.scale.clamp(this.y);
      if (y !== this.y) this.y = y;
      this.place();
    }
  }

  place(): void {
    const scroller = this.scroller;
    if (!scroller) return;
    const top = this.scale.toScroll(this.y);
    if (Math.abs(scroller.scrollTop - top) > 0.9) scroller.scrollTop = top;
    this.set = scroller.scrollTop;
  }
}
