import type { Build, Job, Stage } from '../../api/types';
import { isOver, isRunning, isWaiting } from '../../lib/states';
import { at, duration, plural, secondsBetween } from '../../lib/time';

export interface StageGroup {
  stage: Stage;
  /** Jobs that count. */
  jobs: Job[];
  /** Jobs whose failure does not count. */
  allowed: Job[];
  /** Nothing of it may run yet. */
  waiting: boolean;
}

/** The jobs of a build by stage, in order. */
export function groupByStage(build: Build, jobs: readonly Job[]): StageGroup[] {
  const groups = build.stages.map((stage) => {
    const mine = jobs.filter((job) => job.stage.id === stage.id);
    return {
      stage,
      jobs: mine.filter((job) => !job.allow_failure),
      allowed: mine.filter((job) => job.allow_failure),
      waiting: mine.length > 0 && mine.every((job) => job.state === 'created'),
    };
  });
  return groups.filter((group) => group.jobs.length + group.allowed.length > 0);
}

/** How long a job took or has run so far, in seconds; nothing before it began. */
export function jobSeconds(job: Job, now: number): number | null {
  return secondsBetween(job.started_at, job.finished_at, now);
}

/** The longest time or usual time among jobs, for tracks that compare. */
export function longest(jobs: readonly Job[], now: number): number {
  return jobs.reduce(
    (max, job) => Math.max(max, jobSeconds(job, now) ?? 0, job.usual_seconds ?? 0),
    1,
  );
}

/** `2 jobs · 1 min 12 s`, `3 of 6 done · 2 running · 1 waiting`. */
export function stageLine(jobs: readonly Job[], now: number): string {
  const done = jobs.filter((job) => isOver(job.state)).length;
  const running = jobs.filter((job) => isRunning(job.state)).length;
  const waiting = jobs.filter((job) => isWaiting(job.state)).length;
  if (done === jobs.length) {
    const seconds = stageSeconds(jobs, now);
    const amount = plural(jobs.length, 'job');
    return seconds === null ? amount : `${amount} · ${duration(seconds)}`;
  }
  const parts = [`${done} of ${jobs.length} done`];
  if (running > 0) parts.push(`${running} running`);
  if (waiting > 0) parts.push(`${waiting} waiting`);
  return parts.join(' · ');
}

/** From the start of the first job to the end of the last. */
export function stageSeconds(jobs: readonly Job[], now: number): number | null {
  const starts = jobs.map((job) => at(job.started_at)).filter((time) => time !== null);
  if (starts.length === 0) return null;
  const ends = jobs.map((job) => at(job.finished_at) ?? (isOver(job.state) ? null : now));
  const last = Math.max(...ends.filter((time) => time !== null), Math.min(...starts));
  return (last - Math.min(...starts)) / 1000;
}

/** The usual time of a stage: that of its slowest job. */
export function stageUsual(jobs: readonly Job[]): number | null {
  const usual = jobs.map((job) => job.usual_seconds).filter((time) => time !== null);
  return usual.length > 0 ? Math.max(...usual) : null;
}

/** What a stage is shown as: its jobs may all have ended, some by a word that nobody confirmed. */
export function stageSeen(group: StageGroup): { state: string; provisional: boolean } {
  const jobs = group.jobs.length > 0 ? group.jobs : group.allowed;
  const open = jobs.filter((job) => job.provisional);
  if (isOver(group.stage.state) || open.length === 0 || !jobs.every((job) => isOver(job.state))) {
    return { state: group.stage.state, provisional: false };
  }
  const worst = ['errored', 'failed', 'canceled'].find((state) =>
    group.jobs.some((job) => job.state === state),
  );
  return { state: worst ?? 'passed', provisional: true };
}

/** `41 passed, 2 running`: for stages with more cells than can be told apart. */
export function countsOf(jobs: readonly Job[]): { state: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const job of jobs) counts.set(job.state, (counts.get(job.state) ?? 0) + 1);
  return [...counts].map(([state, count]) => ({ state, count }));
}

/** The job whose log is worth showing: the one that runs longest, else the one that failed last. */
export function jobToShow(jobs: readonly Job[]): Job | null {
  const running = jobs.filter((job) => job.state === 'started');
  if (running.length > 0) {
    return running.reduce((a, b) => ((at(a.started_at) ?? 0) <= (at(b.started_at) ?? 0) ? a : b));
  }
  const failed = jobs.filter((job) => job.state === 'failed' || job.state === 'errored');
  const counting = failed.filter((job) => !job.allow_failure);
  const pick = counting.length > 0 ? counting : failed;
  if (pick.length === 0) return null;
  return pick.reduce((a, b) => ((at(a.finished_at) ?? 0) >= (at(b.finished_at) ?? 0) ? a : b));
}
