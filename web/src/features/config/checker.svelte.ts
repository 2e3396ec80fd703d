import type { ConfigMessage, Lint } from '../../api/types';
import { ApiError } from '../../api/client';
import { api } from '../../api/endpoints';
import { asApiError } from '../../lib/loading.svelte';
import { byPlace } from './messages';

/** The server is asked when nothing was typed for so long. */
const QUIET_MS = 250;

/** What the server says of a text that is being written. The last answer stays until the next. */
export class Checker {
  result = $state.raw<Lint | null>(null);
  /** The text that the result is about. */
  text = $state.raw('');
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private call: AbortController | undefined;

  readonly messages: ConfigMessage[] = $derived([...(this.result?.messages ?? [])].sort(byPlace));

  check(text: string, wait = QUIET_MS): void {
    this.stop();
    if (text.trim() === '') {
      this.result = null;
      this.error = null;
      return;
    }
    this.busy = true;
    this.timer = setTimeout(() => void this.ask(text), wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.call?.abort();
    this.busy = false;
  }

  private async ask(text: string): Promise<void> {
    const call = new AbortController();
    this.call = call;
    try {
      this.result = await api.lint(text, call.signal);
      this.text = text;
      this.error = null;
    } catch (error) {
      // A newer text is on its way.
      if (call.signal.aborted) return;
      this.error = asApiError(error);
    }
    this.busy = false;
  }
}
