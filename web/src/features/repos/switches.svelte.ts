import { api } from '../../api/endpoints';
import type { ApiError } from '../../api/client';
import type { Repository } from '../../api/types';
import { asApiError } from '../../lib/loading.svelte';
import { append, renew } from './sync';

const PAGE = 50;

/** The reader's repositories at their forges, page by page, of one owner and with one text. */
export class Switches {
  rows = $state.raw<Repository[]>([]);
  count = $state(0);
  error = $state.raw<ApiError | null>(null);
  loaded = $state(false);
  busy = $state(false);
  private owner: string | undefined;
  private search = '';
  private generation = 0;

  /** Shows those of another owner, or with another text in their name. */
  async show(owner: string | undefined, search: string): Promise<void> {
    this.owner = owner;
    this.search = search.trim();
    await this.fetch(0, (list) => list);
  }

  /** Reads the next page and keeps what is shown. */
  async more(): Promise<void> {
    await this.fetch(this.rows.length, (list) => append(this.rows, list));
  }

  /** Reads the first page again, since something changed; what was read after it stays. */
  async again(): Promise<void> {
    if (this.busy) return;
    await this.fetch(0, (list) => (this.rows.length > PAGE ? renew(this.rows, list) : list));
  }

  put(repo: Repository): void {
    this.rows = this.rows.map((one) => (one.id === repo.id ? repo : one));
  }

  private async fetch(offset: number, taken: (list: Repository[]) => Repository[]): Promise<void> {
    const generation = ++this.generation;
    this.busy = true;
    try {
      const list = await api.repositories({
        mine: true,
        limit: PAGE,
        offset,
        search: this.search,
        owner: this.owner,
      });
      if (generation !== this.generation) return;
      this.rows = taken(list.repositories);
      this.count = list['@pagination'].count;
      this.error = null;
      this.loaded = true;
    } catch (failure) {
      if (generation !== this.generation) return;
      this.error = asApiError(failure);
    }
    this.busy = false;
  }
}
