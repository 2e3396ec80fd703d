import { api } from '../../api/endpoints';
import type { Fleet } from '../../api/types';
import { connection } from '../../lib/connection.svelte';
import { Loading } from '../../lib/loading.svelte';

/** However many events come, the numbers of the fleet are asked for this often at most. */
const LEAST_MS = 1500;
/** Waits grow older without any event. */
const EVERY_MS = 15_000;

/** The fleet's numbers, kept current while a page shows them. */
export class FleetFeed {
  readonly loading = new Loading<Fleet>(() => api.fleet());
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = 0;

  get value(): Fleet | null {
    return this.loading.value;
  }

  start(): () => void {
    const listener = { event: () => this.soon(), sync: () => this.soon() };
    const stops = [
      connection.subscribe('workers', listener),
      connection.subscribe('repos', listener),
    ];
    const every = setInterval(() => {
      if (!document.hidden && !connection.away) this.soon();
    }, EVERY_MS);
    this.soon();
    return () => {
      clearInterval(every);
      clearTimeout(this.timer);
      this.timer = undefined;
      for (const stop of stops) stop();
    };
  }

  /** At once when it was long ago, else when the least time has gone by. */
  private soon(): void {
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.last + LEAST_MS - Date.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.last = Date.now();
      void this.loading.load();
    }, wait);
  }
}
