import type { NewRequest, RequestPreview } from '../../api/types';
import { plural } from '../../lib/time';

/** What a person asks for in the trigger dialog. All pure. */

export const MODES = [
  {
    value: 'deep_merge_prepend',
    text: 'Added to the file',
    note: 'Lists are joined; these lines count last',
  },
  { value: 'deep_merge', text: 'Over the file', note: 'Lists here take the place of the file’s' },
  {
    value: 'merge',
    text: 'Over its first level',
    note: 'A key here takes the place of the whole key',
  },
  { value: 'replace', text: 'In place of the file', note: 'Nothing of .travis.yml is read' },
] as const;

export type MergeMode = (typeof MODES)[number]['value'];

export interface Typed {
  branch: string;
  sha: string;
  message: string;
  config: string;
  mode: MergeMode;
}

export function demandOf(typed: Typed): NewRequest {
  const branch = typed.branch.trim();
  const sha = typed.sha.trim().toLowerCase();
  const message = typed.message.trim();
  return {
    ...(branch && { branch }),
    ...(sha && { sha }),
    ...(message && { message }),
    ...(typed.config.trim() && { config: typed.config, merge_mode: typed.mode }),
  };
}

/** What is wrong with the name of a commit; empty when nothing is. */
export function shaProblem(sha: string): string {
  return sha.trim() !== '' && !/^[0-9a-f]{7,64}$/i.test(sha.trim())
    ? 'A commit is 7 to 64 characters of 0 to 9 and a to f'
    : '';
}

export interface Verdict {
  shape: 'passed' | 'failed' | 'errored';
  text: string;
}

/** The preview in a sentence: `Reads well. It makes 12 jobs in 4 stages.` */
export function verdictOf(preview: RequestPreview): Verdict {
  const errors = preview.messages.filter((one) => one.level === 'error' || one.level === 'alert');
  const warned = preview.messages.filter((one) => one.level === 'warn').length;
  if (preview.jobs.length === 0 && errors.length > 0)
    return { shape: 'errored', text: 'It can’t be read: the build would end with this error.' };
  if (preview.refused) return { shape: 'failed', text: `No build: ${preview.refused}` };
  const stages = preview.stages.length > 1 ? ` in ${plural(preview.stages.length, 'stage')}` : '';
  const makes = `It makes ${plural(preview.jobs.length, 'job')}${stages}.`;
  if (errors.length > 0)
    return { shape: 'failed', text: `${plural(errors.length, 'error')} in it. ${makes}` };
  if (warned > 0) return { shape: 'passed', text: `${plural(warned, 'warning')}. ${makes}` };
  return { shape: 'passed', text: `Reads well. ${makes}` };
}
