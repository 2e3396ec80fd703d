import { keys } from '../../lib/keys.svelte';
import type { LogReading } from './reading.svelte';

/** The keys of the log, while one is on the page. */
export function startLogKeys(log: LogReading, focusSearch: () => void): () => void {
  return keys.listen((event) => {
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== 'f') return false;
      // The second Ctrl F is the browser's: the field has the focus then.
      event.preventDefault();
      focusSearch();
      return true;
    }
    if (event.altKey) return false;
    switch (event.key) {
      case 'f':
        focusSearch();
        return true;
      case 'e':
        void log.firstFailure();
        return true;
      case 't':
        log.showTimes = !log.showTimes;
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
        void log.copyLink();
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
