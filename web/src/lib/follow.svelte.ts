import type { Build } from '../api/types';
import { api } from '../api/endpoints';
import { connection } from './connection.svelte';
import { notice, parse, withOne, without, type Followed } from './followed';
import { nav } from './navigation.svelte';
import { href, slugParts } from './router';
import { isOver, shapeOf } from './states';
import { toasts } from './toasts.svelte';

const KEY = 'travis-followed';

function stored(): Followed[] {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

/**
 * Builds that this browser follows: their end is told by a notification while the page is hidden,
 * by a word in the page while it is seen.
 */
class Following {
  private list = $state.raw<Followed[]>(stored());
  private readonly topics = new Map<number, () => void>();

  start(): () => void {
    // Another tab followed one, or told its end.
    const changed = ({ key }: StorageEvent): void => {
      if (key === KEY) this.take(stored());
    };
    addEventListener('storage', changed);
    this.take(this.list);
    return () => {
      removeEventListener('storage', changed);
      for (const stop of this.topics.values()) stop();
      this.topics.clear();
    };
  }

  has(id: number): boolean {
    return this.list.some((one) => one.id === id);
  }

  /** Follows a build, or no more. To be called from a click: the browser may ask the reader. */
  async toggle(build: Build): Promise<void> {
    if (this.has(build.id)) {
      this.keep(without(stored(), build.id));
      return;
    }
    this.keep(withOne(stored(), { id: build.id, repo: build.repository.id }));
    const may = await this.ask();
    if (!this.has(build.id)) return;
    toasts.show(
      may
        ? `A notification comes when #${build.number} is over`
        : `Told in this page when #${build.number} is over: this browser does not let it notify`,
      may ? 'passed' : 'canceled',
    );
  }

  private async ask(): Promise<boolean> {
    if (!('Notification' in window)) return false;
    if (Notification.permission !== 'default') return Notification.permission === 'granted';
    return (await Notification.requestPermission().catch(() => 'denied')) === 'granted';
  }

  private keep(list: Followed[]): void {
    try {
      localStorage.setItem(KEY, JSON.stringify(list));
    } catch {
      // Followed as long as the page is there, then.
    }
    this.take(list);
  }

  /** Hears of the repositories of what is followed, and of no others. */
  private take(list: Followed[]): void {
    this.list = list;
    connection.whileHidden = list.length > 0;
    const wanted = new Set(list.map((one) => one.repo));
    for (const [repo, stop] of this.topics) {
      if (wanted.has(repo)) continue;
      stop();
      this.topics.delete(repo);
    }
    for (const repo of wanted) {
      if (this.topics.has(repo)) continue;
      const stop = connection.subscribe(`repo:${repo}`, {
        event: ({ data }) => {
          const build = data as Partial<Build> | null;
          if (build?.['@type'] === 'build') this.heard(build as Build);
        },
        sync: () => void this.look(repo),
        refused: () => this.keep(stored().filter((one) => one.repo !== repo)),
      });
      this.topics.set(repo, stop);
    }
  }

  /** Something may have been missed. */
  private async look(repo: number): Promise<void> {
    for (const one of this.list.filter((one) => one.repo === repo)) {
      try {
        this.heard(await api.build(one.id));
      } catch {
        // It is looked at again when the connection is there again.
      }
    }
  }

  private heard(build: Build): void {
    if (!isOver(build.state) || !this.has(build.id)) return;
    const list = stored();
    this.keep(without(list.length > 0 ? list : this.list, build.id));
    // Another tab was quicker.
    if (list.length > 0 && !list.some((one) => one.id === build.id)) return;
    if (!document.hidden) this.say(build);
    else if (!this.notify(build)) {
      document.addEventListener('visibilitychange', () => this.say(build), { once: true });
    }
  }

  private notify(build: Build): boolean {
    if (!('Notification' in window) || Notification.permission !== 'granted') return false;
    const { title, body } = notice(build);
    try {
      const shown = new Notification(title, {
        body,
        tag: `travis-build-${build.id}`,
        icon: '/favicon.svg',
      });
      shown.onclick = () => {
        window.focus();
        nav.go(address(build));
        shown.close();
      };
      return true;
    } catch {
      // Some browsers let only a service worker do it.
      return false;
    }
  }

  private say(build: Build): void {
    const to = address(build);
    if (nav.place.path === to) return;
    toasts.show(notice(build).title, shapeOf(build.state), {
      text: 'Show it',
      run: () => nav.go(to),
    });
  }
}

function address(build: Build): string {
  return href('build', { ...slugParts(build.repository.slug), id: build.id });
}

export const following = new Following();
