/** What a pacer needs of the page, so that tests can stand in for it. */
export interface PaceOptions {
  now: () => number;
  /** Runs before the next frame is drawn. */
  frame: (run: () => void) => void;
  /** Runs when the present frame has been drawn. */
  drawn: (run: () => void) => void;
  later: (run: () => void, ms: number) => void;
}

/**
 * Drawing news takes this share of the thread's time at most. Hearing it and the browser's other
 * threads (layers, pixels) take more than that again: with them it stays under a tenth of a core.
 */
const SHARE = 0.03;
/** So much of it is saved while nothing comes, for the next few events, in milliseconds. */
const SAVED_MS = 80;
const LONGEST_REST_MS = 300;

/**
 * When news is drawn: a single event in the next frame. Events that follow each other closely are
 * gathered, the longer the more a frame of them costs, so that a flood of them leaves the page calm.
 */
export class Pacer {
  private readonly options: PaceOptions;
  private credit = SAVED_MS;
  private countedAt = 0;
  private restUntil = -Infinity;
  private drawing = false;
  private waiting: (() => void) | null = null;

  constructor(options: PaceOptions) {
    this.options = options;
  }

  /** Runs once, soon; the caller asks again only after it has run. */
  gather(run: () => void): void {
    // What the frame that is being drawn costs is not known yet.
    if (this.drawing) this.waiting = run;
    else this.plan(run);
  }

  private plan(run: () => void): void {
    const { now, frame, later } = this.options;
    const wait = this.restUntil - now();
    const soon = (): void => frame(() => this.draw(run));
    if (wait > 0) later(soon, wait);
    else soon();
  }

  private draw(run: () => void): void {
    const { now, drawn } = this.options;
    const began = now();
    this.drawing = true;
    drawn(() => {
      const ended = now();
      const saved = Math.min(SAVED_MS, this.credit + (began - this.countedAt) * SHARE);
      this.credit = Math.max(saved - (ended - began), -LONGEST_REST_MS * SHARE);
      this.countedAt = began;
      this.restUntil = began - Math.min(0, this.credit) / SHARE;
      this.drawing = false;
      const next = this.waiting;
      this.waiting = null;
      if (next) this.plan(next);
    });
    run();
  }
}
