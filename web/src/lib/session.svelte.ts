import type { CurrentUser } from '../api/types';
import { api } from '../api/endpoints';
import { boot } from './boot';
import { entities } from './entities.svelte';
import { Loading } from './loading.svelte';

/** Who reads, and what the server allows. */
class Session {
  user = $state.raw<CurrentUser | null>(null);
  known = $state(false);
  allowLocalGit = $state(false);
  private readonly asking = new Loading(
    () => api.user(),
    (user) => (this.user = user),
  );

  async start(): Promise<void> {
    const first = boot();
    if (first) {
      this.user = first.user;
      this.known = true;
      this.allowLocalGit = first.allow_local_git;
      for (const repo of first.repos?.repositories ?? []) entities.putRepo(repo);
      if (first.build) entities.putBuild(first.build);
      if (first.job) entities.putJob(first.job);
      return;
    }
    await this.refresh();
    this.known = true;
  }

  /** Asks again who reads; a session that was ended elsewhere is found out here. */
  async refresh(): Promise<void> {
    await this.asking.load();
    const status = this.asking.error?.status;
    if (status === 401 || status === 403) this.user = null;
  }

  take(user: CurrentUser): void {
    this.user = user;
  }

  async signOut(): Promise<void> {
    await api.signOut();
    location.assign('/');
  }
}

export const session = new Session();
export const bootHadRepos = (): boolean => (boot()?.repos ?? null) !== null;
