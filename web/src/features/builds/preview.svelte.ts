import type { ConfigMessage, NewRequest, RequestPreview } from '../../api/types';
import type { ApiError } from '../../api/client';
import { api } from '../../api/endpoints';
import { asApiError } from '../../lib/loading.svelte';

/** The server is asked when nothing was typed for so long. */
const QUIET_MS = 350;

/** What the demand that is being written would come to. The last answer stays until the next. */
export class Preview {
  result = $state.raw<RequestPreview | null>(null);
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private call: AbortController | undefined;

  look(repo: number, demand: NewRequest, wait = QUIET_MS): void {
    this.stop();
    this.busy = true;
    this.timer = setTimeout(() => void this.ask(repo, demand), wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.call?.abort();
    this.busy = false;
  }

  private async ask(repo: number, demand: NewRequest): Promise<void> {
    const call = new AbortController();
    this.call = call;
    try {
      this.result = await api.previewRequest(repo, demand, call.signal);
      this.error = null;
    } catch (failure) {
      // A newer demand is on its way.
      if (call.signal.aborted) return;
      this.error = asApiError(failure);
      this.result = null;
    }
    this.busy = false;
  }
}

/** Messages about what was typed here come first, in the order of their lines. */
export function ordered(messages: ConfigMessage[]): ConfigMessage[] {
  const rank = (message: ConfigMessage): number => (message.src === 'api' ? 0 : 1);
  return [...messages].sort((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
}
