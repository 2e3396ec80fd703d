import { SvelteMap } from 'svelte/reactivity';
import type { Build, BuildMinimal, Job, Repository, Worker } from '../api/types';
import { isNewer, mergeBuild, mergeRepository } from './merge';

/** Everything that was fetched or heard of, once each, newest version only. */
class Entities {
  readonly repos = new SvelteMap<number, Repository>();
  readonly builds = new SvelteMap<number, Build>();
  readonly jobs = new SvelteMap<number, Job>();
  readonly workers = new SvelteMap<number, Worker>();
  private readonly bySlug = new SvelteMap<string, number>();

  repoBySlug(slug: string): Repository | undefined {
    const id = this.bySlug.get(slug.toLowerCase());
    return id === undefined ? undefined : this.repos.get(id);
  }

  putRepo(repo: Repository): void {
    this.repos.set(repo.id, mergeRepository(this.repos.get(repo.id), repo));
    this.bySlug.set(repo.slug.toLowerCase(), repo.id);
  }

  dropRepo(id: number): void {
    const repo = this.repos.get(id);
    this.repos.delete(id);
    if (repo) this.bySlug.delete(repo.slug.toLowerCase());
  }

  putBuild(build: Build): void {
    const known = this.builds.get(build.id);
    if (!isNewer(known, build)) return;
    for (const job of build.jobs ?? []) this.putJob(job);
    this.builds.set(build.id, mergeBuild(known, build));
    this.showInRepo(build);
  }

  putJob(job: Job): void {
    const known = this.jobs.get(job.id);
    if (!isNewer(known, job)) return;
    // Only the job's own page carries these; an event without them doesn't take them away.
    const attempts = job.attempts ?? known?.attempts;
    const config = job.config ?? known?.config;
    this.jobs.set(job.id, {
      ...job,
      ...(attempts && { attempts }),
      ...(config !== undefined && { config }),
    });
  }

  putWorker(worker: Worker): void {
    this.workers.set(worker.id, worker);
  }

  /** Puts one thing that an event carried, by what it says it is. */
  putAny(data: unknown): void {
    const kind = (data as { '@type'?: string } | null)?.['@type'];
    if (kind === 'repository') this.putRepo(data as Repository);
    else if (kind === 'build') this.putBuild(data as Build);
    else if (kind === 'job') this.putJob(data as Job);
    else if (kind === 'worker') this.putWorker(data as Worker);
  }

  private showInRepo(build: Build): void {
    const repo = this.repos.get(build.repository.id);
    if (!repo) return;
    const shown = repo.current_build;
    if (shown && (shown.id > build.id || (shown.id === build.id && shown.version >= build.version)))
      return;
    const minimal: BuildMinimal = {
      '@type': 'build',
      '@href': build['@href'],
      '@representation': 'minimal',
      id: build.id,
      number: build.number,
      state: build.state,
      provisional: build.provisional,
      duration: build.duration,
      event_type: build.event_type,
      previous_state: build.previous_state,
      started_at: build.started_at,
      finished_at: build.finished_at,
      version: build.version,
      ...(build.pull_request_number !== undefined && {
        pull_request_number: build.pull_request_number,
      }),
      ...(build.pull_request !== undefined && { pull_request: build.pull_request }),
    };
    this.repos.set(repo.id, { ...repo, current_build: minimal });
  }
}

export const entities = new Entities();
