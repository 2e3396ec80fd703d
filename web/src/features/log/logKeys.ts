import { keys } from '../../lib/keys.svelte';
import type { LogFinder } from './search.svelte';
import type { LogSource } from './source.svelte';
import type { LogView } from './view.svelte';

export interface LogActions {
  view: LogView;
  source: LogSource;
  finder: LogFinder;
  firstFailure: () => void;
  toggleTimes: () => void;
  copyLink: () => void;
  focusSearch: () => void;
  moveCursor: (by: number, extend: boolean) => void;
  moveFold: (by: 1 | -1) => void;
  toggleFold: () => void;
}

/** The keys of the log, while one is on the page. */
export function startLogKeys(log: LogActions): () => void {
  return keys.listen((event) => {
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== 'f') return false;
      // The second Ctrl F is the browser's: the field has the focus then.
      event.preventDefault();
      log.focusSearch();
      return true;
    }
    if (event.altKey) return false;
    switch (event.key) {
      case 'f':
        log.focusSearch();
        return true;
      case 'e':
        log.firstFailure();
        return true;
      case 't':
        log.toggleTimes();
        return true;
      case 'w':
        log.view.wrap = !log.view.wrap;
        return true;
      case 'O':
        log.view.setAll(log.view.anyOpen);
        return true;
      case 'o':
        log.toggleFold();
        return true;
      case 'n':
        log.moveFold(1);
        return true;
      case 'p':
        log.moveFold(-1);
        return true;
      case 'j':
      case 'J':
        log.moveCursor(1, event.shiftKey);
        return true;
      case 'k':
      case 'K':
        log.moveCursor(-1, event.shiftKey);
        return true;
      case 'ArrowDown':
      case 'ArrowUp':
        if (!event.shiftKey) return false;
        log.moveCursor(event.key === 'ArrowDown' ? 1 : -1, true);
        return true;
      case 'y':
        log.copyLink();
        return true;
      case 'r':
        document.querySelector<HTMLAnchorElement>('.bar a[title=r]')?.click();
        return true;
      case 'End':
        log.view.startFollowing();
        return true;
      case 'Home':
        log.view.stopFollowing();
        log.view.move(0);
        return true;
      default:
        return false;
    }
  });
}
