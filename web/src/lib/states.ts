/** What states mean to the eye: one table for shapes, words and progress. */

export type Shape =
  | 'created'
  | 'queued'
  | 'received'
  | 'started'
  | 'passed'
  | 'failed'
  | 'errored'
  | 'canceled'
  | 'failed-allowed';

const SHAPES: ReadonlySet<string> = new Set<Shape>([
  'created',
  'queued',
  'received',
  'started',
  'passed',
  'failed',
  'errored',
  'canceled',
]);

/** The shape of a state; an unknown word is shown as not begun rather than as an outcome. */
export function shapeOf(state: string | null | undefined, allowed = false): Shape {
  if (allowed && (state === 'failed' || state === 'errored')) return 'failed-allowed';
  return state && SHAPES.has(state) ? (state as Shape) : 'created';
}

/** The token that colours a shape. */
export function tokenOf(shape: Shape): string {
  switch (shape) {
    case 'failed-allowed':
      return 'failed';
    case 'received':
      return 'started';
    case 'created':
      return 'queued';
    default:
      return shape;
  }
}

export function wordOf(state: string | null | undefined): string {
  if (state === 'started') return 'running';
  return state ?? 'no build yet';
}

export function isOver(state: string | null | undefined): boolean {
  return state === 'passed' || state === 'failed' || state === 'errored' || state === 'canceled';
}

export function isRunning(state: string | null | undefined): boolean {
  return state === 'started' || state === 'received';
}

export function isWaiting(state: string | null | undefined): boolean {
  return state === 'created' || state === 'queued';
}

const SYSTEMS: Record<string, string> = {
  linux: 'Linux',
  osx: 'macOS',
  macos: 'macOS',
  windows: 'Windows',
  freebsd: 'FreeBSD',
};

/** `linux` → `Linux`. */
export function systemName(os: string): string {
  return SYSTEMS[os] ?? os;
}

const EXECUTORS: Record<string, string> = {
  vm: 'virtual machine',
  container: 'container',
  namespace: 'namespaces',
  host: 'no isolation',
  dummy: 'dummy',
};

export function executorName(executor: string): string {
  return EXECUTORS[executor] ?? executor;
}
