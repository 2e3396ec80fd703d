/** What the page shows now, and how things are done from the jump box. */
import { api } from '../../api/endpoints';
import type { Build, Job, Repository } from '../../api/types';
import { copyText } from '../../lib/copy';
import { entities } from '../../lib/entities.svelte';
import { following } from '../../lib/follow.svelte';
import { keys } from '../../lib/keys.svelte';
import { asApiError } from '../../lib/loading.svelte';
import { nav } from '../../lib/navigation.svelte';
import { overlays } from '../../lib/overlays.svelte';
import { atHome } from '../../lib/page.svelte';
import { session } from '../../lib/session.svelte';
import { theme } from '../../lib/theme.svelte';
import { toasts } from '../../lib/toasts.svelte';
import { changeRun } from '../../lib/changeRun';
import type { Context, Deeds } from './actions';

const OF_BUILD = ['build', 'config', 'buildTests'];

function shown(): {
  repo?: Repository | undefined;
  build?: Build | undefined;
  job?: Job | undefined;
} {
  const { name, params } = nav.route;
  const slug = 'owner' in params ? `${params.owner}/${params.name}` : atHome.slug;
  const repo = slug ? entities.repoBySlug(slug) : undefined;
  const id = 'id' in params ? params.id : 0;
  if (name.startsWith('job')) {
    const job = entities.jobs.get(id);
    return { repo, job, build: job && entities.builds.get(job.build.id) };
  }
  if (OF_BUILD.includes(name)) return { repo, build: entities.builds.get(id) };
  const current = name === 'repo' || name === 'home' ? repo?.current_build?.id : undefined;
  return { repo, build: current === undefined ? undefined : entities.builds.get(current) };
}

export function context(): Context {
  const page = shown();
  return {
    ...page,
    user: session.user,
    dark: theme.isDark,
    followed: page.build ? following.has(page.build.id) : false,
    listHidden: overlays.listHidden,
    letterKeys: keys.enabled,
  };
}

async function change(run: Build | Job, what: 'restart' | 'cancel'): Promise<void> {
  const problem = await changeRun(run, what);
  if (problem) toasts.show(problem, 'failed');
}

async function star(repo: Repository): Promise<void> {
  try {
    entities.putRepo(await (repo.starred ? api.unstar(repo.id) : api.star(repo.id)));
    toasts.show(repo.starred ? `${repo.slug} has no star any more` : `${repo.slug} is starred`);
  } catch (failure) {
    toasts.show(asApiError(failure).message, 'failed');
  }
}

async function copyLink(): Promise<void> {
  await copyText(location.href);
  toasts.show('The link is copied');
}

export const deeds: Deeds = {
  go: (to) => nav.go(to),
  change: (run, what) => void change(run, what),
  follow: (build) => void following.toggle(build),
  trigger: (slug) => (overlays.trigger = slug),
  badge: (slug) => (overlays.badge = slug),
  star: (repo) => void star(repo),
  copyLink: () => void copyLink(),
  theme: (choice) => theme.choose(choice),
  keySheet: () => (overlays.keys = true),
  letterKeys: (on) => keys.choose(on),
  hideList: (hidden) => (overlays.listHidden = hidden),
  signIn: () => nav.go(nav.signIn),
  signOut: () => void session.signOut(),
};
