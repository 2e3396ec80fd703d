import { untrack } from 'svelte';
import { ApiError } from '../api/client';

/**
 * Something fetched; an effect that loads depends on what it names itself, never on what is read on the way: keeps what was shown until the new is there, never two calls at once, and a
 * call wanted while one is on its way comes after it.
 */
export class Loading<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** For showing only: what decides must not make an effect that loads run again. */
  busy = $state(false);
  private running = false;
  private again = false;
  private generation = 0;
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
  }

  async load(): Promise<void> {
    if (this.running) {
      this.again = true;
      return;
    }
    const generation = this.generation;
    this.running = true;
    this.busy = true;
    try {
      do {
        this.again = false;
        const value = await untrack(() => this.fetch());
        if (generation !== this.generation) return;
        this.value = value;
        this.error = null;
        this.taken(value);
      } while (this.again);
    } catch (error) {
      if (generation !== this.generation) return;
      this.error = asApiError(error);
    } finally {
      if (generation === this.generation) {
        this.running = false;
        this.busy = false;
      }
    }
  }
}

/** Every failure in the form that has a sentence for people. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'unexpected', error instanceof Error ? error.message : String(error));
}
