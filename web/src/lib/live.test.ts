import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveClient, type LiveState, type Socket } from './live';

class FakeSocket implements Socket {
  binaryType = '';
  readyState = 1;
  onopen: Socket['onopen'] = null;
  onclose: Socket['onclose'] = null;
  onmessage: Socket['onmessage'] = null;
  sent: { type: string; topics?: string[] }[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as FakeSocket['sent'][number]);
  }
  close(): void {
    this.closed = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  bytes(attempt: number, offset: number, text: string): void {
    const body = new TextEncoder().encode(text);
    const buffer = new ArrayBuffer(16 + body.length);
    const view = new DataView(buffer);
    view.setBigInt64(0, BigInt(attempt));
    view.setBigInt64(8, BigInt(offset));
    new Uint8Array(buffer, 16).set(body);
    this.onmessage?.({ data: buffer });
  }
  get topics(): string[] {
    return this.sent.filter((one) => one.type === 'subscribe').flatMap((one) => one.topics ?? []);
  }
}

let sockets: FakeSocket[];
let timers: { run: () => void; ms: number; dead: boolean }[];
let now: number;
let client: LiveClient;
let state: LiveState | undefined;

function last(): FakeSocket {
  const socket = sockets.at(-1);
  if (!socket) throw new Error('no socket was opened');
  return socket;
}
/** Runs the newest timer that waits so long. */
function fire(ms: (wait: number) => boolean): void {
  const timer = timers.findLast((one) => !one.dead && ms(one.ms));
  if (!timer) throw new Error('no such timer');
  timer.dead = true;
  now += timer.ms;
  timer.run();
}

beforeEach(() => {
  sockets = [];
  timers = [];
  now = 1000;
  state = undefined;
  client = new LiveClient({
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    later: (run, ms) => {
      const timer = { run, ms, dead: false };
      timers.push(timer);
      return () => void (timer.dead = true);
    },
    now: () => now,
    random: () => 0,
  });
  client.onState = (next) => (state = next);
});

describe('live client', () => {
  it('subscribes once greeted and hands events on in order', () => {
    const event = vi.fn();
    const sync = vi.fn();
    client.subscribe('repos', { event, sync });
    client.start();
    expect(last().sent).toEqual([]);
    last().say({ type: 'hello', epoch: 'a' });
    expect(last().topics).toEqual(['repos']);
    last().say({ type: 'subscribed', topic: 'repos', seq: 4 });
    expect(sync).toHaveBeenCalledTimes(1);
    last().say({ type: 'event', topic: 'repos', seq: 5, event: 'job:started', data: { id: 1 } });
    last().say({ type: 'event', topic: 'repos', seq: 5, event: 'job:started', data: { id: 1 } });
    expect(event).toHaveBeenCalledTimes(1);
    expect(state?.status).toBe('open');
  });

  it('fetches again on a hole, on a gap, and on an event too large to be sent', () => {
    const event = vi.fn();
    const sync = vi.fn();
    client.subscribe('repos', { event, sync });
    client.start();
    last().say({ type: 'hello', epoch: 'a' });
    last().say({ type: 'subscribed', topic: 'repos', seq: 0 });
    last().say({ type: 'event', topic: 'repos', seq: 3, event: 'x', data: {} });
    expect(event).not.toHaveBeenCalled();
    expect(sync).toHaveBeenCalledTimes(2);
    last().say({ type: 'event', topic: 'repos', seq: 4, event: 'x' });
    expect(sync).toHaveBeenCalledTimes(3);
    last().say({ type: 'gap', topic: 'repos', seq: 9 });
    expect(sync).toHaveBeenCalledTimes(4);
    last().say({ type: 'event', topic: 'repos', seq: 10, event: 'x', data: {} });
    expect(event).toHaveBeenCalledTimes(1);
  });

  it('comes back with growing waits and fetches only when something was missed', () => {
    const sync = vi.fn();
    client.subscribe('repos', { sync });
    client.start();
    last().say({ type: 'hello', epoch: 'a' });
    last().say({ type: 'subscribed', topic: 'repos', seq: 7 });
    last().onclose?.({});
    expect(state?.status).toBe('connecting');
    expect(state?.retryAt).toBe(now + 250);
    fire((ms) => ms === 250);
    last().onclose?.({});
    expect(state?.status).toBe('away');
    expect(state?.retryAt).toBe(now + 500);
    fire((ms) => ms === 500);
    last().say({ type: 'hello', epoch: 'a' });
    last().say({ type: 'subscribed', topic: 'repos', seq: 7 });
    expect(sync).toHaveBeenCalledTimes(1);
    expect(state?.status).toBe('open');
  });

  it('fetches again in another epoch though the number is the same', () => {
    const sync = vi.fn();
    client.subscribe('repos', { sync });
    client.start();
    last().say({ type: 'hello', epoch: 'a' });
    last().say({ type: 'subscribed', topic: 'repos', seq: 7 });
    last().onclose?.({});
    fire((ms) => ms === 250);
    last().say({ type: 'hello', epoch: 'b' });
    last().say({ type: 'subscribed', topic: 'repos', seq: 7 });
    expect(sync).toHaveBeenCalledTimes(2);
  });

  it('waits at most half a minute', () => {
    client.start();
    for (let turn = 0; turn < 12; turn++) {
      last().onclose?.({});
      const wait = (state?.retryAt ?? 0) - now;
      expect(wait).toBeLessThanOrEqual(30_000);
      fire((ms) => ms === wait);
    }
  });

  it('gives a silent connection up', () => {
    client.start();
    last().say({ type: 'hello', epoch: 'a' });
    now += 10;
    fire((ms) => ms === 25_000);
    expect(last().sent.at(-1)).toEqual({ type: 'ping' });
    fire((ms) => ms === 8000);
    expect(last().closed).toBe(true);
  });

  it('gives log bytes without holes or repetition, and asks again from where it stands', () => {
    let text = '';
    const ended = vi.fn();
    client.start();
    last().say({ type: 'hello', epoch: 'a' });
    client.subscribeLog(9, {
      offset: () => text.length,
      data: (bytes) => (text += new TextDecoder().decode(bytes)),
      end: ended,
    });
    expect(last().topics).toEqual(['log:9@0']);
    last().bytes(9, 0, 'abc');
    last().bytes(9, 2, 'cd');
    last().bytes(9, 0, 'ab');
    expect(text).toBe('abcd');
    last().bytes(9, 8, 'late');
    expect(text).toBe('abcd');
    expect(last().topics.at(-1)).toBe('log:9@4');
    last().onclose?.({});
    fire((ms) => ms === 250);
    last().say({ type: 'hello', epoch: 'a' });
    expect(last().topics).toEqual(['log:9@4']);
    last().say({ type: 'log_end', attempt: 9, length: 4 });
    expect(ended).toHaveBeenCalledWith(4);
  });

  it('shares a topic and leaves it with the last listener', () => {
    client.start();
    last().say({ type: 'hello', epoch: 'a' });
    const one = client.subscribe('workers', {});
    const two = client.subscribe('workers', {});
    expect(last().topics).toEqual(['workers']);
    one();
    expect(last().sent.some((message) => message.type === 'unsubscribe')).toBe(false);
    two();
    expect(last().sent.at(-1)).toEqual({ type: 'unsubscribe', topics: ['workers'] });
  });

  it('does not try while hidden, and at once when shown', () => {
    client.start();
    client.setHidden(true);
    last().onclose?.({});
    fire((ms) => ms === 250);
    expect(sockets).toHaveLength(1);
    client.setHidden(false);
    expect(sockets).toHaveLength(2);
  });
});
