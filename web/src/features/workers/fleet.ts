import type { Worker } from '../../api/types';
import { platformName } from './words';

/** Which workers of the table are shown. All pure. */

export type Which = 'all' | 'mine' | 'busy' | 'offline';

export const isMine = (worker: Worker, login: string | undefined): boolean =>
  login !== undefined && worker.owner.login === login;
export const isOffline = (worker: Worker): boolean =>
  worker.state === 'offline' || worker.state === 'banned';
export const isBusy = (worker: Worker): boolean => worker.slot_use.busy > 0;

/** Those that the filter and the text leave; each word of the text has to be found. */
export function filterWorkers(
  workers: readonly Worker[],
  which: Which,
  text: string,
  login: string | undefined,
): Worker[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return workers.filter((worker) => {
    if (which === 'mine' && !isMine(worker, login)) return false;
    if (which === 'busy' && !isBusy(worker)) return false;
    if (which === 'offline' && !isOffline(worker)) return false;
    if (words.length === 0) return true;
    const said = [
      worker.name,
      worker.owner.login,
      platformName(worker.os, worker.arch),
      worker.os,
      worker.tier,
      worker.state,
      worker.executor,
      worker.facts.version,
      worker.facts.distribution,
      ...(worker.facts.images ?? []),
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => said.includes(word));
  });
}
