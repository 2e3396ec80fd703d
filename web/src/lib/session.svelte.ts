import type { Boot, User } from '../api/types';
import { api } from '../api/endpoints';
import { entities } from './entities.svelte';

function readBoot(): Boot | null {
  const text = document.getElementById('boot')?.textContent;
  if (!text) return null;
  try {
    return JSON.parse(text) as Boot;
  } catch {
    return null;
  }
}

/** Who reads, and what the server allows. */
class Session {
  user = $state.raw<User | null>(null);
  known = $state(false);
  allowLocalGit = $state(false);

  async start(): Promise<void> {
    const boot = readBoot();
    if (boot) {
      this.user = boot.user;
      this.known = true;
      this.allowLocalGit = boot.allow_local_git;
      for (const repo of boot.repos?.repositories ?? []) entities.putRepo(repo);
      return;
    }
    try {
      this.user = await api.user();
    } catch {
      this.user = null;
    }
    this.known = true;
  }

  async signOut(): Promise<void> {
    await api.signOut();
    location.assign('/');
  }
}

export const session = new Session();
export const bootHadRepos = (): boolean => (readBoot()?.repos ?? null) !== null;
