import { api } from '../../api/endpoints';
import type { Worker } from '../../api/types';
import { entities } from '../../lib/entities.svelte';
import { toasts } from '../../lib/toasts.svelte';

export type Command = 'pause' | 'resume' | 'drain' | 'ban' | 'unban';

const SAID: Record<Command, (name: string) => string> = {
  pause: (name) => `${name} is paused`,
  resume: (name) => `${name} works again`,
  drain: (name) => `${name} finishes its jobs, then stops`,
  ban: (name) => `${name} is shut out`,
  unban: (name) => `${name} is let in again`,
};

/** Commands a worker and says what came of it. Fails as the call does. */
export async function commandWorker(worker: Worker, command: Command): Promise<void> {
  const changed = await api.changeWorker(worker.id, command);
  entities.putWorker(changed);
  toasts.show(
    SAID[command](changed.name),
    command === 'resume' || command === 'unban' ? 'passed' : 'canceled',
  );
}
