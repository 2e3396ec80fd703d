import { connection } from './connection.svelte';

/**
 * Keeps a part of a repository's settings current: what is shown of crons changes with builds, too.
 * Call it while a component is made.
 */
export function keepCurrent(
  repo: () => number,
  loading: { load: () => Promise<void> },
  also: (event: string) => boolean = () => false,
): void {
  $effect(() => {
    const id = repo();
    void loading.load();
    return connection.subscribe(`repo:${id}`, {
      event: ({ event }) => {
        if (event === 'settings:changed' || also(event)) void loading.load();
      },
      sync: () => void loading.load(),
    });
  });
}
