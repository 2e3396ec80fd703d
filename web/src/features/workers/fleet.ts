import type { Job, Worker } from '../../api/types';
import { systemName } from '../../lib/states';

export interface Platform {
  name: string;
  workers: number;
  slots: number;
  busy: number;
}

const lends = (worker: Worker): boolean => worker.state === 'online' || worker.state === 'draining';

/** The fleet by system and architecture, the largest first. */
export function platforms(workers: readonly Worker[]): Platform[] {
  const by = new Map<string, Platform>();
  for (const worker of workers) {
    const name = `${systemName(worker.os)} ${worker.arch}`;
    const platform = by.get(name) ?? { name, workers: 0, slots: 0, busy: 0 };
    if (lends(worker)) {
      platform.workers++;
      platform.slots += worker.slots;
      platform.busy += Math.min(worker.slots, worker.running.length);
    }
    by.set(name, platform);
  }
  return [...by.values()].sort((a, b) => b.slots - a.slots || a.name.localeCompare(b.name));
}

export interface Reason {
  code: string;
  text: string;
  /** The first sentence, and the rest. */
  what: string;
  more: string;
  count: number;
  jobs: Job[];
}

/** Waiting jobs by their reason; what nothing but a person can change comes first. */
export function whyWaiting(jobs: readonly Job[]): Reason[] {
  const by = new Map<string, Reason>();
  for (const job of jobs) {
    if (job.state !== 'queued' && job.state !== 'created') continue;
    if (!job.waiting || job.waiting.code === 'stage') continue;
    const { code, text } = job.waiting;
    const end = text.indexOf('. ');
    const reason = by.get(text) ?? {
      code,
      text,
      what: end < 0 ? text.replace(/\.$/, '') : text.slice(0, end),
      more: end < 0 ? '' : text.slice(end + 2),
      count: 0,
      jobs: [],
    };
    reason.count++;
    reason.jobs.push(job);
    by.set(text, reason);
  }
  const weight = (code: string): number => (code.startsWith('no_') ? 0 : 1);
  return [...by.values()].sort((a, b) => weight(a.code) - weight(b.code) || b.count - a.count);
}
