import { nav } from './navigation.svelte';
import { overlays } from './overlays.svelte';
import { href } from './router';

const KEY = 'travis-keys';

/** Single-letter keys of the page; a view adds its own while it is shown. */
class Keys {
  enabled = $state(read());
  private readonly own = new Set<(event: KeyboardEvent) => boolean>();

  choose(enabled: boolean): void {
    this.enabled = enabled;
    try {
      localStorage.setItem(KEY, enabled ? 'on' : 'off');
    } catch {
      // Lasts as long as the page, then.
    }
  }

  /** Hears keys outside fields; gives back whether it took them. */
  listen(handler: (event: KeyboardEvent) => boolean): () => void {
    this.own.add(handler);
    return () => this.own.delete(handler);
  }

  offer(event: KeyboardEvent): boolean {
    for (const handler of this.own) if (handler(event)) return true;
    return false;
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}

export const keys = new Keys();

export function inField(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (!element?.closest) return false;
  return element.isContentEditable || element.closest('input, textarea, select') !== null;
}

const SEQUENCE_MS = 1200;

/** Starts the page's keys: `/`, Ctrl K, `?`, `[`, and `g` followed by a letter. */
export function startKeys(): () => void {
  // Long ago: a page that was just opened has had no `g`.
  let afterG = -SEQUENCE_MS;
  const pressed = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      overlays.jump = !overlays.jump;
      return;
    }
    if (event.key === 'Escape' && overlays.any) {
      overlays.close();
      return;
    }
    if (overlays.any || document.querySelector('dialog[open]')) return;
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (inField(event.target)) return;
    if (modified || !keys.enabled) {
      if (keys.enabled) keys.offer(event);
      return;
    }
    const sequence = performance.now() - afterG < SEQUENCE_MS;
    afterG = -SEQUENCE_MS;
    if (sequence && goTo(event.key)) {
      event.preventDefault();
      return;
    }
    switch (event.key) {
      case '/':
        event.preventDefault();
        document.getElementById('repo-search')?.focus();
        return;
      case '?':
        overlays.keys = true;
        return;
      case '[':
        overlays.listHidden = !overlays.listHidden;
        return;
      case 'g':
        afterG = performance.now();
        return;
    }
    if (keys.offer(event)) event.preventDefault();
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}

function goTo(key: string): boolean {
  if (key === 'w') {
    nav.go(href('workers'));
    return true;
  }
  if (key === 'a') {
    nav.go(href('active'));
    return true;
  }
  const params = nav.route.params;
  if (!('owner' in params)) return false;
  const { owner, name } = params;
  const pages: Record<string, string> = {
    c: href('repo', { owner, name }),
    b: href('branches', { owner, name }),
    h: href('builds', { owner, name }),
    p: href('pulls', { owner, name }),
    r: href('requests', { owner, name }),
    i: href('insights', { owner, name }),
    s: href('settings', { owner, name }),
  };
  const target = pages[key];
  if (!target) return false;
  nav.go(target);
  return true;
}
