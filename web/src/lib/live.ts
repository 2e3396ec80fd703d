import type { ClientMessage, ServerMessage } from '../api/types';

/** The part of a websocket that is used, so that tests can stand in for it. */
export interface Socket {
  binaryType: string;
  readyState: number;
  onopen: ((event: unknown) => void) | null;
  onclose: ((event: unknown) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LiveOptions {
  connect: () => Socket;
  /** Runs a function later; gives back what cancels it. */
  later: (run: () => void, ms: number) => () => void;
  now: () => number;
  random: () => number;
  /** Runs events together, once a frame. */
  gather?: (run: () => void) => void;
}

export type LiveEvent = { topic: string; event: string; data: unknown };

export interface TopicListener {
  /** Something changed. */
  event?: (event: LiveEvent) => void;
  /** Something may have been missed: fetch again. Also called when first heard. */
  sync?: () => void;
  refused?: (reason: string) => void;
}

export interface LogListener {
  /** Where the next byte is wanted from. */
  offset: () => number;
  /** Bytes as the job printed them; never with a hole before them. */
  data: (bytes: Uint8Array) => void;
  end: (length: number) => void;
}

export type LiveStatus = 'connecting' | 'open' | 'away';

export interface LiveState {
  status: LiveStatus;
  /** When the server was last heard of. */
  heardAt: number;
  /** When the next try is. */
  retryAt: number | null;
}

interface Topic {
  listeners: Set<TopicListener>;
  seq: number | null;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A connection that could not be made in this time is given up. */
const OPEN_MS = 10_000;
const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 8000;
const HEADER_BYTES = 16;

/**
 * One websocket for the page: connects again with growing waits, subscribes again, and tells its
 * listeners to fetch again whenever an event may have been missed.
 */
export class LiveClient {
  private readonly options: LiveOptions;
  private socket: Socket | null = null;
  private ready = false;
  private epoch: string | null = null;
  private failures = 0;
  private hidden = false;
  private stopped = false;
  private cancelTimer: (() => void) | null = null;
  private cancelPing: (() => void) | null = null;
  private readonly topics = new Map<string, Topic>();
  private readonly logs = new Map<number, LogListener>();
  private queue: (() => void)[] = [];
  private state: LiveState;
  onState: (state: LiveState) => void = () => undefined;

  constructor(options: LiveOptions) {
    this.options = options;
    this.state = { status: 'connecting', heardAt: options.now(), retryAt: null };
  }

  start(): void {
    this.stopped = false;
    this.open();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
    this.cancelTimer?.();
  }

  /** Tries now instead of when the wait is over. */
  retry(): void {
    if (this.socket || this.stopped) return;
    this.cancelTimer?.();
    this.open();
  }

  /** A hidden page doesn't try again; a page that is shown makes sure at once. */
  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    if (hidden) return;
    if (!this.socket) this.retry();
    else if (this.ready) this.ping();
  }

  subscribe(name: string, listener: TopicListener): () => void {
    let topic = this.topics.get(name);
    if (!topic) {
      topic = { listeners: new Set(), seq: null };
      this.topics.set(name, topic);
      this.say({ type: 'subscribe', topics: [name] });
    } else if (topic.seq !== null && listener.sync) {
      // Already heard: what this listener fetches from now on misses nothing.
      const sync = listener.sync;
      this.options.later(() => {
        if (topic?.listeners.has(listener)) sync();
      }, 0);
    }
    topic.listeners.add(listener);
    return () => {
      topic.listeners.delete(listener);
      if (topic.listeners.size === 0 && this.topics.get(name) === topic) {
        this.topics.delete(name);
        this.say({ type: 'unsubscribe', topics: [name] });
      }
    };
  }

  /** Hears a log from `listener.offset()` on. One listener an attempt. */
  subscribeLog(attempt: number, listener: LogListener): () => void {
    this.logs.set(attempt, listener);
    this.askForLog(attempt, listener);
    return () => {
      if (this.logs.get(attempt) !== listener) return;
      this.logs.delete(attempt);
      this.say({ type: 'unsubscribe', topics: [`log:${attempt}`] });
    };
  }

  private askForLog(attempt: number, listener: LogListener): void {
    this.say({ type: 'subscribe', topics: [`log:${attempt}@${listener.offset()}`] });
  }

  private open(): void {
    let socket: Socket;
    try {
      socket = this.options.connect();
    } catch {
      this.lost();
      return;
    }
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
    this.cancelTimer = this.options.later(() => {
      if (this.socket === socket && !this.ready) {
        this.drop();
        this.lost();
      }
    }, OPEN_MS);
    this.setState({ retryAt: null });
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.ready = false;
    this.cancelPing?.();
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  private lost(): void {
    this.drop();
    this.cancelTimer?.();
    if (this.stopped) return;
    this.failures++;
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1));
    // Between half and the whole of it, so that pages don't all come back in one instant.
    const wait = longest * (0.5 + this.options.random() / 2);
    // One lost connection is nothing to speak of; a second try that fails is.
    const status = this.failures > 1 ? 'away' : 'connecting';
    this.setState({ status, retryAt: this.options.now() + wait });
    this.cancelTimer = this.options.later(() => {
      if (!this.hidden) this.open();
    }, wait);
  }

  private receive(data: unknown): void {
    this.state.heardAt = this.options.now();
    if (data instanceof ArrayBuffer) {
      this.receiveLog(data);
      return;
    }
    if (typeof data !== 'string') return;
    let message: ServerMessage;
    try {
      message = JSON.parse(data) as ServerMessage;
    } catch {
      return;
    }
    switch (message.type) {
      case 'hello':
        this.welcome(message.epoch);
        break;
      case 'subscribed':
        this.subscribed(message.topic, message.seq);
        break;
      case 'refused':
        this.topics.get(message.topic)?.listeners.forEach((l) => l.refused?.(message.reason));
        break;
      case 'event':
        this.event(message.topic, message.seq, message.event, message.data);
        break;
      case 'gap':
        this.gap(message.topic, message.seq);
        break;
      case 'log_end':
        this.logs.get(message.attempt)?.end(message.length);
        break;
      case 'pong':
        break;
    }
  }

  private welcome(epoch: string): void {
    this.ready = true;
    this.failures = 0;
    this.cancelTimer?.();
    if (this.epoch !== null && this.epoch !== epoch) {
      // Numbers start again: whatever they say now, something may have been missed.
      for (const topic of this.topics.values()) topic.seq = null;
    }
    this.epoch = epoch;
    this.setState({ status: 'open', retryAt: null });
    const topics = [...this.topics.keys()];
    if (topics.length > 0) this.say({ type: 'subscribe', topics });
    for (const [attempt, listener] of this.logs) this.askForLog(attempt, listener);
    this.schedulePing();
  }

  private subscribed(name: string, seq: number): void {
    const topic = this.topics.get(name);
    if (!topic) return;
    const missed = topic.seq !== seq;
    topic.seq = seq;
    if (missed) this.sync(topic);
  }

  private event(name: string, seq: number, event: string, data: unknown): void {
    const topic = this.topics.get(name);
    if (!topic) return;
    if (topic.seq !== null) {
      if (seq <= topic.seq) return;
      if (seq > topic.seq + 1) {
        this.gap(name, seq);
        return;
      }
      topic.seq = seq;
    }
    if (data === undefined) {
      // Too large to be sent along.
      this.sync(topic);
      return;
    }
    this.enqueue(() => topic.listeners.forEach((l) => l.event?.({ topic: name, event, data })));
  }

  private gap(name: string, seq: number): void {
    const topic = this.topics.get(name);
    if (!topic) {
      const attempt = /^log:(\d+)/.exec(name)?.[1];
      const listener = attempt === undefined ? undefined : this.logs.get(Number(attempt));
      if (listener) this.askForLog(Number(attempt), listener);
      return;
    }
    topic.seq = seq;
    this.sync(topic);
  }

  private sync(topic: Topic): void {
    this.enqueue(() => topic.listeners.forEach((l) => l.sync?.()));
  }

  private receiveLog(buffer: ArrayBuffer): void {
    if (buffer.byteLength < HEADER_BYTES) return;
    const view = new DataView(buffer);
    const attempt = Number(view.getBigInt64(0));
    const offset = Number(view.getBigInt64(8));
    const listener = this.logs.get(attempt);
    if (!listener) return;
    const wanted = listener.offset();
    const bytes = new Uint8Array(buffer, HEADER_BYTES);
    if (offset > wanted) {
      this.askForLog(attempt, listener);
      return;
    }
    const known = wanted - offset;
    if (known < bytes.length) listener.data(bytes.subarray(known));
  }

  private enqueue(run: () => void): void {
    this.queue.push(run);
    if (this.queue.length > 1) return;
    const flush = (): void => {
      const all = this.queue;
      this.queue = [];
      for (const one of all) one();
    };
    if (this.options.gather) this.options.gather(flush);
    else flush();
  }

  private schedulePing(): void {
    this.cancelPing?.();
    this.cancelPing = this.options.later(() => this.ping(), PING_EVERY_MS);
  }

  private ping(): void {
    const asked = this.options.now();
    this.say({ type: 'ping' });
    this.cancelPing?.();
    this.cancelPing = this.options.later(() => {
      if (this.state.heardAt >= asked) this.schedulePing();
      else this.lost();
    }, PONG_WITHIN_MS);
  }

  private say(message: ClientMessage): void {
    if (this.ready && this.socket) this.socket.send(JSON.stringify(message));
  }

  private setState(change: Partial<LiveState>): void {
    this.state = { ...this.state, ...change };
    this.onState(this.state);
  }
}
