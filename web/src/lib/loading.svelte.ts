import { untrack } from 'svelte';
import { ApiError } from '../api/client';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Tries after a server that can't be reached; then the reader's button is left. */
const TRIES = 20;

/**
 * Something fetched: keeps what was shown until the new is there, never two calls at once, and a
 * call wanted while one is on its way comes after it, whether that one succeeds or not. A server
 * that can't be reached is asked again, with growing waits. An effect that loads depends on what it
 * names itself, never on what is read on the way.
 */
export class Loading<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** For showing only: what decides must not make an effect that loads run again. */
  busy = $state(false);
  private running = false;
  private again = false;
  private generation = 0;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly fetch: () => Promise<T>;
  private readonly taken: (value: T) => void;

  constructor(fetch: () => Promise<T>, taken: (value: T) => void = () => undefined) {
    this.fetch = fetch;
    this.taken = taken;
  }

  /** Forgets what was fetched: the next load is about something else. */
  reset(): void {
    this.generation++;
    this.value = null;
    this.error = null;
    this.busy = false;
    this.running = false;
    this.again = false;
    this.failures = 0;
    clearTimeout(this.timer);
  }

  async load(): Promise<void> {
    if (this.running) {
      this.again = true;
      return;
    }
    const generation = this.generation;
    clearTimeout(this.timer);
    this.running = true;
    this.busy = true;
    do {
      this.again = false;
      try {
        const value = await untrack(() => this.fetch());
        if (generation !== this.generation) return;
        this.value = value;
        this.error = null;
        this.failures = 0;
        this.taken(value);
      } catch (error) {
        if (generation !== this.generation) return;
        this.error = asApiError(error);
      }
    } while (this.again);
    this.running = false;
    this.busy = false;
    if (this.error?.unreachable && this.failures < TRIES) {
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures++);
      this.timer = setTimeout(() => void this.load(), wait * (0.5 + Math.random() / 2));
    }
  }
}

/** Every failure in the form that has a sentence for people. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'unexpected', error instanceof Error ? error.message : String(error));
}
