import { readSettings } from './switches';
import { api } from '../../api/endpoints';
import type { SettingName, SettingValues } from '../../api/types';
import { Loading, asApiError } from '../../lib/loading.svelte';
import { sentence } from '../../lib/sentence';
import { toasts } from '../../lib/toasts.svelte';

/** A repository's settings: each saves at once, and can be taken back. */
export class RepoSettings {
  values = $state.raw<SettingValues | null>(null);
  saving = $state<SettingName | null>(null);
  /** What went wrong, beside what it was about. */
  problem = $state.raw<{ name: SettingName; text: string } | null>(null);
  readonly loading: Loading<SettingValues>;
  private readonly repo: () => number;

  constructor(repo: () => number) {
    this.repo = repo;
    this.loading = new Loading(
      async () => readSettings((await api.settings(repo())).settings),
      (values) => (this.values = values),
    );
  }

  problemOf(name: SettingName): string {
    return this.problem?.name === name ? this.problem.text : '';
  }

  /** Saves, shows it at once, and goes back to what was when the server refuses. */
  async set<N extends SettingName>(
    name: N,
    value: SettingValues[N],
    said: (value: SettingValues[N]) => string,
    undo = true,
  ): Promise<void> {
    const before = this.values;
    if (!before || this.saving !== null || before[name] === value) return;
    this.saving = name;
    this.problem = null;
    this.values = { ...before, [name]: value };
    try {
      await api.setSetting(this.repo(), name, value);
      toasts.show(
        said(value),
        'passed',
        undo
          ? { text: 'Undo', run: () => void this.set(name, before[name], said, false) }
          : undefined,
      );
    } catch (failure) {
      this.values = before;
      this.problem = { name, text: sentence(asApiError(failure).message) };
    }
    this.saving = null;
  }
}
