import type { Build, Job } from '../api/types';
import { api } from '../api/endpoints';
import { asApiError } from './loading.svelte';
import { toasts } from './toasts.svelte';

export type RunChange = 'restart' | 'cancel';

/** Restarts or cancels a build or a job, and says so. Answers what went wrong, or nothing. */
export async function changeRun(run: Build | Job, what: RunChange): Promise<string> {
  const build = run['@type'] === 'build';
  const name = build ? `Build #${run.number}` : `Job ${run.number}`;
  try {
    if (build) await (what === 'cancel' ? api.cancelBuild(run.id) : api.restartBuild(run.id));
    else await (what === 'cancel' ? api.cancelJob(run.id) : api.restartJob(run.id));
  } catch (failure) {
    return asApiError(failure).message;
  }
  if (what === 'cancel') {
    toasts.show(`${name} canceled`, 'canceled', {
      text: 'Restart it',
      run: () => void changeRun(run, 'restart'),
    });
  } else toasts.show(`${name} is to run again`, 'queued');
  return '';
}
