import { isAppPath, match, type Route } from './router';
import { signInAddress } from './signIn';

interface Place {
  path: string;
  search: string;
  hash: string;
}

const here = (): Place => ({
  path: location.pathname,
  search: location.search,
  hash: location.hash,
});

class Navigation {
  place = $state.raw<Place>({ path: '/', search: '', hash: '' });
  route: Route = $derived(match(this.place.path));
  /** Where one signs in and comes back to this page. */
  readonly signIn: string = $derived(signInAddress(this.place.path, this.place.search));
  private readonly listeners = new Set<() => void>();

  start(): void {
    history.scrollRestoration = 'manual';
    this.place = here();
    addEventListener('popstate', () => {
      const samePage = this.place.path === location.pathname;
      this.place = here();
      if (samePage) return;
      const top = (history.state as { top?: number } | null)?.top ?? 0;
      this.scrollSoon(top);
      this.told();
    });
    document.addEventListener('click', (event) => this.clicked(event));
  }

  /** Hears of every change of page, for what must be closed then. */
  onLeave(run: () => void): () => void {
    this.listeners.add(run);
    return () => this.listeners.delete(run);
  }

  go(target: string, { replace = false, keepScroll = false } = {}): void {
    const url = new URL(target, location.href);
    // Forms may go to a forge from the set-up page alone, so its own policy has to come with it.
    const setup = this.route.name !== 'setup' && match(url.pathname).name === 'setup';
    if (url.origin !== location.origin || !isAppPath(url.pathname) || setup) {
      location.assign(url);
      return;
    }
    const samePage = url.pathname === this.place.path;
    if (replace) history.replaceState(history.state, '', url);
    else {
      history.replaceState({ top: scrollY }, '');
      history.pushState(null, '', url);
    }
    this.place = here();
    if (!samePage) this.told();
    if (!samePage && !keepScroll) this.scrollSoon(0);
  }

  /** Changes what stands behind `#` without a step in the history. */
  setHash(hash: string): void {
    history.replaceState(history.state, '', location.pathname + location.search + hash);
    this.place = here();
  }

  private told(): void {
    for (const run of [...this.listeners]) run();
  }

  private scrollSoon(top: number): void {
    // The page of the address is drawn in the frame after next at the latest.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => scrollTo({ top, behavior: 'instant' })),
    );
  }

  private clicked(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link?.href || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !isAppPath(url.pathname)) return;
    if (url.pathname === location.pathname && url.hash && url.hash !== location.hash) return;
    event.preventDefault();
    this.go(url.href, { replace: url.href === location.href });
  }
}

export const nav = new Navigation();
