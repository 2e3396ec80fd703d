import { untrack } from 'svelte';

/** A choice stands so long before the next one takes its place. */
const STANDS_MS = 2000;

/** What is shown of several things that take turns, some of them many times a second. */
export class CalmChoice {
  id = $state<number>();
  private since = -STANDS_MS;

  /** Takes the choice over, at once or when the present one has stood; gives back what cancels it. */
  choose(id: number | undefined): (() => void) | undefined {
    const present = untrack(() => this.id);
    if (id === present) return undefined;
    const take = (): void => {
      this.id = id;
      this.since = performance.now();
    };
    const wait = present === undefined ? 0 : this.since + STANDS_MS - performance.now();
    if (wait <= 0) {
      take();
      return undefined;
    }
    const timer = setTimeout(take, wait);
    return () => clearTimeout(timer);
  }
}
