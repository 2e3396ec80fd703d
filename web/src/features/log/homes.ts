import { api } from '../../api/endpoints';
import type { LogIndex, LogLines } from '../../api/types';

/** Where a log is read: its index, and lines by range. */
export interface LogHome {
  index: () => Promise<LogIndex>;
  lines: (first: number, count: number, signal?: AbortSignal) => Promise<LogLines>;
}

/** The log of one attempt of a job. */
export const jobLog = (job: number, attempt: number): LogHome => ({
  index: () => api.logIndex(job, attempt),
  lines: (first, count, signal) => api.logLines(job, first, count, attempt, signal),
});

/** The log of a known-answer job. */
export const knownLog = (worker: number, known: number): LogHome => ({
  index: () => api.knownLogIndex(worker, known),
  lines: (first, count, signal) => api.knownLogLines(worker, known, first, count, signal),
});
