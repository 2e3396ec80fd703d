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
  | 'failed-allowed'
  | 'passed-provisional'
  | 'failed-provisional'
  | 'errored-provisional';

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

/** How an outcome is drawn when it is not the plain one. */
export interface Manner {
  /** A failure does not count. */
  allowed?: boolean;
  /** It waits for a second opinion, so it is never drawn as final. */
  provisional?: boolean;
}

/** The shape of a state; an unknown word is shown as not begun rather than as an outcome. */
export function shapeOf(
  state: string | null | undefined,
  allowed = false,
  provisional = false,
): Shape {
  if (provisional && (state === 'passed' || state === 'failed' || state === 'errored')) {
    return `${state}-provisional`;
  }
  if (allowed && (state === 'failed' || state === 'errored')) return 'failed-allowed';
  return state && SHAPES.has(state) ? (state as Shape) : 'created';
}

/** The token that colours a shape. */
export function tokenOf(shape: Shape): string {
  switch (shape) {
    case 'failed-allowed':
    case 'failed-provisional':
      return 'failed';
    case 'passed-provisional':
      return 'passed';
    case 'errored-provisional':
      return 'errored';
    case 'received':
      return 'started';
    case 'created':
      return 'queued';
    default:
      return shape;
  }
}

/** How a known-answer job is drawn. */
export function knownShape(known: { state: string; passed: boolean | null }): Shape {
  if (known.state === 'finished') return known.passed ? 'passed' : 'failed';
  if (known.state === 'running') return 'started';
  return known.state === 'leased' ? 'received' : 'canceled';
}

export function wordOf(state: string | null | undefined): string {
  if (state === 'started') return 'running';
  return state ?? 'no build yet';
}

/** The word with what is to be said of it: `passed, provisional`, `failed, allowed`. */
export function phraseOf(
  state: string | null | undefined,
  { allowed = false, provisional = false }: Manner = {},
): string {
  const word = wordOf(state);
  const shape = shapeOf(state, allowed, provisional);
  if (shape.endsWith('-provisional')) return `${word}, provisional`;
  return shape === 'failed-allowed' && state === 'failed' ? `${word}, allowed` : word;
}

/**
 * What a run is shown as. A job says whether its own state is provisional; a build that waits for
 * nothing but second opinions runs still, and says what it will be if they agree.
 */
export function seen(run: { state: string; provisional?: string | boolean | null }): {
  state: string;
  provisional: boolean;
} {
  if (typeof run.provisional === 'string') return { state: run.provisional, provisional: true };
  return { state: run.state, provisional: run.provisional === true };
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
