import { connection } from '../../lib/connection.svelte';
import { Loading } from '../../lib/loading.svelte';
import { Soon } from './soon';

export const SPANS = [
  { hours: 24, text: '24 h' },
  { hours: 168, text: '7 days' },
  { hours: 720, text: '30 days' },
] as const;

/** The server notes how things stand once a minute. */
const EVERY_MS = 60_000;
/** Jobs that were just taken show sooner, gathered. */
const SOON_MS = 5000;

/** What is told of the last hours, kept current while a page shows it. */
export class History<T> {
  hours = $state<number>(24);
  readonly loading: Loading<T>;
  private readonly topic: string;

  constructor(fetch: (hours: number) => Promise<T>, topic: 'workers' | 'repos') {
    this.loading = new Loading(() => fetch(this.hours));
    this.topic = topic;
  }

  get value(): T | null {
    return this.loading.value;
  }

  /** Call it in an effect: it loads again when the span changes. */
  start(): () => void {
    void this.hours;
    void this.loading.load();
    const soon = new Soon(() => {
      if (!document.hidden && !connection.away) void this.loading.load();
    }, SOON_MS);
    const stop = connection.subscribe(this.topic, { event: soon.call, sync: soon.call });
    const every = setInterval(soon.call, EVERY_MS);
    return () => {
      clearInterval(every);
      soon.stop();
      stop();
    };
  }
}
