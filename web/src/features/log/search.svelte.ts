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

  private get key(): string {
    return `${this.exact ? 'exact' : 'any'} ${this.regex ? 'regex' : 'text'} ${this.text}`;
  }

  /** Asks again, a moment after the last change. */
  changed(from: number, found: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(from, found), 180);
  }

  /** Sees to it that the hits belong to what is asked for. */
  async run(from: number, found: () => void): Promise<void> {
    clearTimeout(this.timer);
    const { key } = this;
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

  /** Whether the hits belong to what stands in the field. */
  get fresh(): boolean {
    return this.asked === this.key;
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
