import { clock } from './clock.svelte';
import {
  LiveClient,
  type LiveState,
  type LogListener,
  type Socket,
  type TopicListener,
} from './live';
import { Pacer } from './pace';

function address(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`;
}

/** The live channel as the page sees it. */
class Connection {
  state = $state.raw<LiveState>({ status: 'connecting', heardAt: Date.now(), retryAt: null });
  readonly away = $derived(this.state.status === 'away');
  /** Something is waited for that is to be told while nobody looks. */
  whileHidden = false;
  private readonly pacer = new Pacer({
    now: () => performance.now(),
    frame: (run) => requestAnimationFrame(run),
    drawn: (run) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = run;
      channel.port2.postMessage(0);
    },
    later: (run, ms) => setTimeout(run, ms),
  });
  private readonly client = new LiveClient({
    connect: () => new WebSocket(address()) as unknown as Socket,
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    now: () => Date.now(),
    random: () => Math.random(),
    gather: (run) => {
      if (document.hidden) setTimeout(run, 250);
      else this.pacer.gather(run);
    },
  });

  start(): void {
    this.client.onState = (state) => {
      this.state = state;
      clock.freeze(state.status === 'away');
      document.documentElement.toggleAttribute('data-away', state.status === 'away');
    };
    document.addEventListener('visibilitychange', () =>
      this.client.setHidden(document.hidden && !this.whileHidden),
    );
    addEventListener('online', () => this.client.retry());
    this.client.start();
  }

  retry(): void {
    this.client.retry();
  }

  subscribe(topic: string, listener: TopicListener): () => void {
    return this.client.subscribe(topic, listener);
  }

  subscribeLog(attempt: number, listener: LogListener): () => void {
    return this.client.subscribeLog(attempt, listener);
  }
}

export const connection = new Connection();
