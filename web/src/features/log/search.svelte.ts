import { api } from '../../api/endpoints';
import { asApiError } from '../../lib/loading.svelte';
import { searchPattern } from './ansi';

/** A search over the whole log, by the server; hits of the lines in view are marked here. */
export class LogFinder {
  text = $state('');
  exact = $state(false);
  regex = $state(false);
  lines = $state.raw<readonly number[]>([]);
  total = $state(0);
  truncated = $state(false);
  current = $state(-1);
  problem = $state('');
  busy = $state(false);
  readonly pattern = $derived(searchPattern(this.text, this.exact, this.regex));
  private abort: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly job: number;
  private readonly attempt: number;
  private asked = '';

  constructor(job: number, attempt: number) {
    this.job = job;
    this.attempt = attempt;
  }

  /** Asks again, a moment after the last change. */
  changed(from: number, found: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(from, found), 180);
  }

  /** Sees to it that the hits belong to what is asked for. */
  async run(from: number, found: () => void): Promise<void> {
    clearTimeout(this.timer);
    const key = `${this.text} ${this.exact} ${this.regex}`;
    if (key === this.asked) return;
    this.asked = key;
    this.abort?.abort();
    this.problem = '';
    if (this.text === '') {
      this.lines = [];
      this.total = 0;
      this.current = -1;
      this.busy = false;
      return;
    }
    const abort = new AbortController();
    this.abort = abort;
    this.busy = true;
    try {
      const answer = await api.logSearch(
        this.job,
        { text: this.text, exact: this.exact, regex: this.regex, attempt: this.attempt },
        abort.signal,
      );
      if (abort.signal.aborted) return;
      this.lines = answer.lines;
      this.total = answer.total;
      this.truncated = answer.truncated;
      const after = answer.lines.findIndex((line) => line >= from);
      this.current = answer.lines.length === 0 ? -1 : Math.max(0, after);
      this.busy = false;
      if (this.current >= 0) found();
    } catch (failure) {
      if (abort.signal.aborted) return;
      this.asked = '';
      this.busy = false;
      this.lines = [];
      this.total = 0;
      this.problem = asApiError(failure).message;
    }
  }

  step(by: 1 | -1): number | null {
    const count = this.lines.length;
    if (count === 0) return null;
    this.current = (this.current + by + count) % count;
    return this.lines[this.current] ?? null;
  }

  get line(): number | null {
    return this.current >= 0 ? (this.lines[this.current] ?? null) : null;
  }
}

const FAILED_TEST =
  '(\\bFAILED\\b|^(--- )?FAIL\\b|^\\s*not ok\\b|panicked at|^\\s*(✗|✕|✖)|^(error|ERROR|fatal)(\\[E[0-9]+\\])?:)';

/** Where a failed log is worth looking: failed tests, else the first red line, else the last command. */
export async function findFailures(
  job: number,
  attempt: number,
  firstRed: number | null,
  lastCommand: number | null,
): Promise<number[]> {
  try {
    const found = await api.logSearch(job, {
      text: FAILED_TEST,
      exact: true,
      regex: true,
      attempt,
    });
    if (found.lines.length > 0) return found.lines;
  } catch {
    // Without the search the red line serves.
  }
  if (firstRed !== null) return [firstRed];
  return lastCommand === null ? [] : [lastCommand];
}
