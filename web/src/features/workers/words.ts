import type { FleetPlatform, FleetWait, Worker, WorkerRecord } from '../../api/types';
import { systemName } from '../../lib/states';
import { bytes, count, duration, plural } from '../../lib/time';

/** Words and figures of workers. All pure. */

export const platformName = (os: string, arch: string): string => `${systemName(os)} ${arch}`;

const ISOLATION: Record<string, string> = {
  vm: 'virtual machines',
  container: 'containers',
  namespace: 'namespaces',
  host: 'no isolation',
};

/** `virtual machines by QEMU 7.2, KVM`. */
export function isolationText(worker: Worker): string {
  const kind = ISOLATION[worker.executor] ?? worker.executor;
  const detail = worker.facts.executor_detail;
  return detail && worker.executor !== 'host' ? `${kind} by ${detail}` : kind;
}

const STRENGTH: Record<string, string> = {
  vm: 'strongest',
  container: 'strong',
  namespace: 'good',
  host: 'none',
};
export const strengthWord = (executor: string): string => STRENGTH[executor] ?? '';

/** What it is now, in one word. */
export function stateWord(worker: Worker): string {
  if (worker.state !== 'online') return worker.state;
  if (worker.running.length > 0 || worker.slot_use.busy > 0) return 'working';
  return worker.presence && worker.presence.state !== 'lending' ? 'resting' : 'idle';
}

/** The state of a job or build that has the same colour and shape. */
export function stateShape(worker: Worker): string {
  const word = stateWord(worker);
  if (word === 'working' || word === 'draining') return 'started';
  if (word === 'idle') return 'passed';
  return word === 'banned' ? 'failed' : 'queued';
}

const REST: Record<string, string> = {
  owner_active: 'owner is at the machine',
  outside_hours: 'outside of its hours',
  on_battery: 'on its battery',
  too_hot: 'too hot',
  metered: 'on a metered network',
  network_used_up: 'the month’s bytes are used up',
  disk_full: 'its disk is full',
  paused: 'paused by its owner',
  draining: 'finishes, then stops',
};

/** Why a worker has no work, for the row: `owner is at the machine, since 12 min`. */
export function restText(worker: Worker): string {
  const presence = worker.presence;
  if (worker.state === 'banned') return 'shut out by an operator';
  if (worker.state === 'enrolled') return 'not heard of yet';
  if (worker.state === 'paused') return 'paused by its owner';
  if (worker.state === 'online' && worker.too_old)
    return `version ${worker.facts.version} is too old`;
  if (presence && presence.state !== 'lending') {
    const since = presence.since_seconds >= 60 ? `, since ${spell(presence.since_seconds)}` : '';
    return `${REST[presence.state] ?? presence.text}${since}`;
  }
  return 'idle';
}

/** A span in its largest unit: `41 s`, `12 min`, `3 h`, `6 days`. */
export function spell(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** Core hours: `0.4 h`, `312 h`, `1,284 h`. */
export function coreHours(coreSeconds: number): string {
  const hours = coreSeconds / 3600;
  if (hours === 0) return '0 h';
  if (hours < 0.1) return `${Math.max(1, Math.round(coreSeconds / 60))} min`;
  return hours < 10
    ? `${(Math.round(hours * 10) / 10).toString()} h`
    : `${count(Math.round(hours))} h`;
}

/** `99.2 %`, `98.0 %`, `100 %`; nothing where nothing was taken. */
export function percent(value: number | null): string {
  if (value === null) return '';
  // Nearly all is not all: 99.97 is not shown as 100.
  const tenth = value >= 99.95 && value < 100 ? 99.9 : Math.round(value * 10) / 10;
  return value === 100 ? '100 %' : `${tenth.toFixed(1)} %`;
}

/** `0.4 s`, `3 min` of a wait in milliseconds. */
export function waitText(ms: number | null): string {
  if (ms === null) return '';
  if (ms < 1000) return `${(Math.max(ms, 10) / 1000).toFixed(ms < 100 ? 2 : 1)} s`;
  return ms < 60_000 ? duration(Math.round(ms / 100) / 10) : spell(ms / 1000);
}

/** How far a new worker is on the ladder, for the bar of its present step. */
export function ladderProgress(
  tier: string,
  record: WorkerRecord,
): { value: number; most: number; text: string } | null {
  if (tier === 'quarantined' && record.known_passed < record.known_wanted) {
    return {
      value: record.known_passed,
      most: record.known_wanted,
      text: `${record.known_passed} of ${plural(record.known_wanted, 'known job')} agree`,
    };
  }
  if (tier === 'quarantined') {
    const value = Math.min(10, record.agreed_in_a_row);
    return { value, most: 10, text: `${value} of 10 in a row confirmed` };
  }
  if (tier === 'probation') {
    const value = Math.min(100, record.agreed);
    return { value, most: 100, text: `${value} of 100 confirmed` };
  }
  return null;
}

/** The picture of a wait: what nothing but a person can change stands out. */
export function waitShape(code: string): string {
  if (code === 'no_worker' || code === 'no_fitting_worker') return 'errored';
  return code.endsWith('second_opinion') ? 'created' : 'queued';
}

/** What remains to be said of the jobs ahead of a new worker. */
export function nextWork(platforms: readonly FleetPlatform[], worker: Worker): string {
  const mine = platforms.find((one) => one.os === worker.os && one.arch === worker.arch);
  const name = platformName(worker.os, worker.arch);
  const waiting = mine?.waiting ?? 0;
  if (waiting === 0) return `Next: jobs for ${name}. None waits, so it takes the first that comes.`;
  return `Next: jobs for ${name}. ${plural(waiting, 'is', 'are')} waiting, so it will have work at once.`;
}

/** The total of what waits. */
export const waitingJobs = (waits: readonly FleetWait[]): number =>
  waits.reduce((sum, one) => sum + one.jobs, 0);

/** `2 of 8 in use, 4 lent`. */
export function coresText(used: number, lent: number | undefined, all: number): string {
  const figure = (n: number): string => (Number.isInteger(n) ? String(n) : n.toFixed(1));
  const of = `${figure(Math.round(used * 10) / 10)} of ${all} in use`;
  return lent === undefined ? of : `${of}, ${figure(Math.round(lent * 10) / 10)} lent`;
}

/** `3.1 GB in use, 8 GB lent`. */
export function bytesText(used: number, lent: number | undefined): string {
  return lent === undefined
    ? `${bytes(used)} in use`
    : `${bytes(used)} in use, ${bytes(lent)} lent`;
}
