/** Repositories, builds, branches and workers that a text in the jump box may mean. */
import { api } from '../../api/endpoints';
import type { Branch, Repository } from '../../api/types';
import { entities } from '../../lib/entities.svelte';
import { repoFeed } from '../../lib/feeds.svelte';
import { nav } from '../../lib/navigation.svelte';
import { byActivity } from '../../lib/order';
import { href, slugParts } from '../../lib/router';
import { SvelteMap } from 'svelte/reactivity';
import { fits, numbered, wordsOf, type Item, type Numbered } from './find';

const REPOS = 6;
const BRANCHES = 6;
const WORKERS = 4;

const go = (to: string) => (): void => nav.go(to);

export class Things {
  /** What could not be found when it was chosen. */
  problem = $state('');
  private readonly branches = new SvelteMap<number, Branch[]>();
  private readonly asked = new Set<number>();
  private readonly failed: () => void;

  /** `failed` opens the box again. */
  constructor(failed: () => void) {
    this.failed = failed;
  }

  /** Asks the server for what may be meant and is not known here. */
  look(text: string, here: Repository | undefined): void {
    const words = wordsOf(text);
    if (words.length === 0) return;
    void repoFeed.find(words[0] ?? '');
    const repo = this.meant(words, here).repo;
    if (!repo || this.asked.has(repo.id)) return;
    this.asked.add(repo.id);
    api.branches(repo.id).then(
      (list) => this.branches.set(repo.id, list.branches),
      () => this.asked.delete(repo.id),
    );
  }

  /** `beacon main` is a branch of the one repository that fits the first word. */
  private meant(
    words: readonly string[],
    here: Repository | undefined,
  ): { repo: Repository | undefined; rest: readonly string[] } {
    if (words.length > 1) {
      const all = [...entities.repos.values()].filter((repo) => fits(words.slice(0, 1), repo.slug));
      if (all.length === 1) return { repo: all[0], rest: words.slice(1) };
    }
    return { repo: here, rest: words };
  }

  find(text: string, here: Repository | undefined): Item[] {
    const words = wordsOf(text);
    const number = numbered(text);
    return [
      ...(number ? this.byNumber(number, here) : []),
      ...this.repos(words),
      ...(words.length > 0 ? [...this.ofBranches(words, here), ...this.workers(words)] : []),
    ];
  }

  private repos(words: readonly string[]): Item[] {
    return [...entities.repos.values()]
      .filter((repo) => fits(words, repo.slug))
      .sort(byActivity)
      .slice(0, REPOS)
      .map((repo) => ({
        key: `r${repo.id}`,
        text: repo.slug,
        note: repo.current_build ? `#${repo.current_build.number}` : 'repository',
        state: repo.current_build?.state ?? null,
        run: go(`/${repo.slug}`),
      }));
  }

  private ofBranches(words: readonly string[], here: Repository | undefined): Item[] {
    const { repo, rest } = this.meant(words, here);
    if (!repo) return [];
    const params = slugParts(repo.slug);
    return (this.branches.get(repo.id) ?? [])
      .filter((branch) => fits(rest, branch.name))
      .slice(0, BRANCHES)
      .map((branch) => ({
        key: `b${repo.id}:${branch.name}`,
        text: branch.name,
        note: `branch of ${repo.slug}`,
        ...(branch.last_build ? { state: branch.last_build.state } : { icon: 'branch' as const }),
        run: go(
          branch.last_build
            ? href('build', { ...params, id: branch.last_build.id })
            : href('branches', params),
        ),
      }));
  }

  private workers(words: readonly string[]): Item[] {
    return [...entities.workers.values()]
      .filter((worker) => fits(words, `${worker.name} ${worker.owner.login}`))
      .slice(0, WORKERS)
      .map((worker) => ({
        key: `w${worker.id}`,
        text: worker.name,
        note: `worker of ${worker.owner.login}`,
        icon: 'server' as const,
        run: go(href('worker', { id: worker.id })),
      }));
  }

  private byNumber(number: Numbered, here: Repository | undefined): Item[] {
    const { words, build, job } = number;
    const homes =
      words.length === 0
        ? here
          ? [here]
          : []
        : [...entities.repos.values()].filter((repo) => fits(words, repo.slug)).slice(0, 3);
    const known = [...entities.builds.values()].filter(
      (one) =>
        one.number === build &&
        job === null &&
        (words.length === 0 || homes.some((home) => home.id === one.repository.id)),
    );
    const found: Item[] = known.map((one) => ({
      key: `n${one.id}`,
      text: `#${one.number} ${one.message.split('\n')[0] ?? ''}`,
      note: one.repository.slug,
      state: one.state,
      run: go(href('build', { ...slugParts(one.repository.slug), id: one.id })),
    }));
    for (const home of homes) {
      if (known.some((one) => one.repository.id === home.id)) continue;
      found.push({
        key: `l${home.id}`,
        text: `${job === null ? `Build #${build}` : `Job ${job}`} of ${home.slug}`,
        note: 'Enter looks for it',
        icon: 'right',
        run: () => void this.seek(home.slug, build, job),
      });
    }
    return found;
  }

  private async seek(slug: string, number: string, job: string | null): Promise<void> {
    const list = await api.builds(slug, { number, limit: 1, jobs: true }).catch(() => null);
    const build = list?.builds[0];
    const found = build?.jobs?.find((one) => one.number === job);
    const params = slugParts(slug);
    if (build && job === null) nav.go(href('build', { ...params, id: build.id }));
    else if (found) nav.go(href('job', { ...params, id: found.id }));
    else {
      this.failed();
      this.problem = job === null ? `${slug} has no build #${number}` : `${slug} has no job ${job}`;
    }
  }
}
