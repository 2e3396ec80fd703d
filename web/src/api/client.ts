import type { ErrorBody } from './types';

/** Something that was asked for and can't be had; `message` is a sentence for people. */
export class ApiError extends Error {
  readonly status: number;
  /** A stable word: `not_found`, `login_required`, `unreachable`, `timeout`, … */
  readonly type: string;
  readonly errorId: string | undefined;

  constructor(status: number, type: string, message: string, errorId?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.type = type;
    this.errorId = errorId;
  }

  get notFound(): boolean {
    return this.status === 404;
  }

  /** The server could not be reached at all, so trying again may help. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

const TIMEOUT_MS = 15_000;

function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === 'object' && value !== null && 'error_message' in value;
}

type Query = Record<string, string | number | boolean | null | undefined>;

function address(path: string, query?: Query): string {
  if (!query) return path;
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

interface CallOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

/** Calls the API. Fails with {@link ApiError} only, save for an abort by the caller's signal. */
export async function call<T>(
  method: string,
  path: string,
  { query, body, signal }: CallOptions = {},
): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const headers: Record<string, string> = { Accept: 'application/json' };
  // The cookie alone must not be enough to change something.
  if (method !== 'GET') headers['X-Requested-With'] = 'travis';
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let answer: Response;
  try {
    answer = await fetch(address(path, query), {
      method,
      headers,
      credentials: 'same-origin',
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (timeout.aborted) throw new ApiError(0, 'timeout', 'The server took too long to answer.');
    throw new ApiError(0, 'unreachable', 'The server does not answer.');
  }
  if (answer.status === 204) return undefined as T;
  let value: unknown;
  try {
    value = await answer.json();
  } catch {
    value = undefined;
  }
  if (!answer.ok) {
    if (isErrorBody(value)) {
      throw new ApiError(answer.status, value.error_type, value.error_message, value.error_id);
    }
    throw new ApiError(answer.status, 'unexpected', `The server answered ${answer.status}.`);
  }
  if (value === undefined) {
    throw new ApiError(answer.status, 'unexpected', 'The server answered something unreadable.');
  }
  return value as T;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, { ...(query && { query }), ...(signal && { signal }) });
export const post = <T>(path: string, body?: unknown): Promise<T> =>
  call<T>('POST', path, body === undefined ? {} : { body });
export const patch = <T>(path: string, body: unknown): Promise<T> =>
  call<T>('PATCH', path, { body });
export const removeAnswered = <T>(path: string, query?: Query): Promise<T> =>
  call<T>('DELETE', path, query ? { query } : {});
export const remove = (path: string): Promise<void> => call<undefined>('DELETE', path);
