import { SvelteSet } from 'svelte/reactivity';
import { api } from '../api/endpoints';
import type { Build, Forges, Repository, Workers } from '../api/types';
import { boot } from './boot';
import { connection } from './connection.svelte';
import { entities } from './entities.svelte';
import { Loading } from './loading.svelte';
import { bootHadRepos, session } from './session.svelte';

const PAGE = 100;

/** The list of repositories that build, kept whole and current. */
class RepoFeed {
  /** Repositories beyond the first page are found by the search. */
  total = $state(0);
  loaded = $state(bootHadRepos());
  /** What the reader has a right to at its forge. */
  readonly mine = new SvelteSet<number>();
  mineLoaded = $state(false);
  /** So many in all; they may be more than are kept. */
  mineTotal = $state(0);
  private readonly search = new SvelteSet<string>();
  readonly loading = new Loading(
    () => api.repositories({ limit: PAGE, active: true }),
    (list) => {
      this.total = list['@pagination'].count;
      const seen = new Set(list.repositories.map((repo) => repo.id));
      if (list['@pagination'].is_last) {
        for (const [id, repo] of [...entities.repos]) {
          if (repo.active && !seen.has(id) && !this.mine.has(id)) entities.dropRepo(id);
        }
      }
      for (const repo of list.repositories) entities.putRepo(repo);
      this.loaded = true;
    },
  );
  /** The reader's own and starred ones, which may lie beyond the first page of all. */
  readonly own = new Loading(
    () =>
      Promise.all([
        api.repositories({ limit: PAGE, active: true, mine: true }),
        api.repositories({ limit: PAGE, starred: true }),
      ]),
    ([mine, starred]) => {
      const ids = new Set(mine.repositories.map((repo) => repo.id));
      for (const id of [...this.mine]) if (!ids.has(id)) this.mine.delete(id);
      for (const id of ids) this.mine.add(id);
      for (const repo of [...mine.repositories, ...starred.repositories]) entities.putRepo(repo);
      this.mineTotal = mine['@pagination'].count;
      this.mineLoaded = true;
    },
  );

  start(): () => void {
    // What the page brought along is fetched when the live channel is first heard, not before.
    if (!this.loaded) void this.loading.load();
    return connection.subscribe('repos', {
      event: ({ event, data }) => {
        if (event === 'repository:removed' || event === 'repository:deleted') {
          const id = (data as { id?: number } | null)?.id;
          if (id !== undefined) entities.dropRepo(id);
        } else entities.putAny(data);
        const build = data as Build | null;
        // A build of a repository that is not known yet: the list has grown elsewhere.
        if (build?.['@type'] === 'build' && !entities.repos.has(build.repository.id)) {
          void this.loading.load();
        }
      },
      sync: () => {
        void this.loading.load();
        if (session.user) this.loadOwn();
      },
    });
  }

  /** Whether it is the reader's; until the server has said so, by what they may do with it. */
  isMine(repo: Repository): boolean {
    if (this.mineLoaded) return this.mine.has(repo.id);
    return Boolean(repo.forge) && repo['@permissions'].build === true;
  }

  loadOwn(): void {
    void this.own.load();
  }

  /** The reader switched it on or off. */
  switched(repo: Repository): void {
    if (this.mine.has(repo.id) !== repo.active) this.mineTotal += repo.active ? 1 : -1;
    if (repo.active) this.mine.add(repo.id);
    else this.mine.delete(repo.id);
    entities.putRepo(repo);
  }

  /** Asks the server for repositories beyond those known, once a text. */
  async find(text: string): Promise<void> {
    if (this.total <= PAGE || this.search.has(text)) return;
    this.search.add(text);
    try {
      const list = await api.repositories({ search: text, limit: 50, active: true });
      for (const repo of list.repositories) entities.putRepo(repo);
    } catch {
      this.search.delete(text);
    }
  }
}

/** The forges that one can sign in with; asked for where they are shown. */
class ForgeFeed {
  readonly loading = new Loading<Forges>(() => api.forges());
  readonly all = $derived(this.loading.value?.forges ?? []);
  readonly doors = $derived(this.all.filter((forge) => forge.sign_in_url !== null));
}

/** The fleet's numbers and its workers. */
class WorkerFeed {
  summary = $state.raw<Workers | null>(null);
  readonly loading = new Loading(
    () => api.workers(),
    (fleet) => this.take(fleet),
  );
  readonly all = $derived(
    [...entities.workers.values()].sort((a, b) => rank(a.state) - rank(b.state) || a.id - b.id),
  );
  readonly online = $derived(
    this.all.filter((worker) => worker.state === 'online' || worker.state === 'draining'),
  );
  readonly slots = $derived(this.online.reduce((sum, worker) => sum + worker.slots, 0));
  readonly busy = $derived(this.all.reduce((sum, worker) => sum + worker.running.length, 0));
  readonly lenders = $derived(new Set(this.online.map((worker) => worker.owner.login)).size);

  private take(fleet: Workers): void {
    this.summary = fleet;
    const seen = new Set(fleet.workers.map((worker) => worker.id));
    for (const id of [...entities.workers.keys()]) if (!seen.has(id)) entities.workers.delete(id);
    for (const worker of fleet.workers) entities.putWorker(worker);
  }

  start(): () => void {
    const brought = boot()?.workers;
    if (brought) this.take(brought);
    else void this.loading.load();
    return connection.subscribe('workers', {
      event: ({ event, data }) => {
        if (event === 'worker:removed' || event === 'worker:deleted') void this.loading.load();
        else entities.putAny(data);
      },
      sync: () => void this.loading.load(),
    });
  }
}

function rank(state: string): number {
  return ['online', 'draining', 'paused', 'enrolled', 'offline', 'banned'].indexOf(state);
}

export const repoFeed = new RepoFeed();
export const workerFeed = new WorkerFeed();
export const forgeFeed = new ForgeFeed();
