import type { Job, Opinion } from '../../api/types';
import { wordOf } from '../../lib/states';

/** Words of workers on one job, and what comes of them. All pure. */

const ROLES: Record<string, string> = {
  first: 'First word',
  second: 'Second opinion',
  third: 'Third opinion',
};

/** `First word: passed`, `Second opinion: running`. */
export function opinionTitle(opinion: Opinion): string {
  const role = ROLES[opinion.role] ?? 'Opinion';
  return `${role}: ${opinion.state === 'waiting' ? 'waiting' : wordOf(shapeWord(opinion.state))}`;
}

/** The state whose shape an opinion has. */
export function shapeWord(state: string): string {
  if (state === 'running') return 'started';
  return state === 'waiting' ? 'queued' : state;
}

const STANDING: Record<string, string> = {
  quarantined: 'in quarantine',
  probation: 'on probation',
  volunteer: 'a volunteer',
  bound: 'of the repository’s own people',
  attested: 'of the operators',
};

/** Who gives it: `tiny-mac, on probation · exit code 0`. */
export function opinionText(opinion: Opinion): string {
  if (!opinion.worker) {
    return opinion.waiting?.text ?? 'Waits for a worker of another owner.';
  }
  const { name, owner } = opinion.worker;
  const first = opinion.role === 'first';
  const standing = STANDING[opinion.tier ?? ''];
  const who = first && standing ? `${name}, ${standing}` : `${name}, lent by ${owner.login}`;
  const parts = [who];
  if (!first) {
    if (opinion.role === 'third' && standing) parts.push(standing);
    else parts.push(opinion.other_network ? 'another owner, another network' : 'another owner');
  }
  if (opinion.exit_code !== null) parts.push(`exit code ${opinion.exit_code}`);
  if (opinion.agrees === false) parts.push('says otherwise');
  return parts.join(' · ');
}

/** Only words that are waited for, or that somebody has to settle, are not final. */
export function isOpen(job: Pick<Job, 'provisional' | 'verification'>): boolean {
  return job.provisional === true || job.verification === 'second' || job.verification === 'third';
}

/** What comes of the words on a job, in sentences; nothing when nothing is open or was. */
export function whatHappens(
  job: Pick<Job, 'state' | 'provisional' | 'verification' | 'flaky'>,
  forge: string | null,
): string {
  const word = wordOf(job.state);
  switch (job.verification) {
    case 'second':
      if (!job.provisional) return '';
      return forge
        ? `If both agree, the result stands and ${forge} is told “${word}”. Until then it says “pending verification”.`
        : `If both agree, the result stands. Until then it is provisional.`;
    case 'third':
      return forge
        ? `The two words differ, so a trusted worker decides. Until then ${forge} says “pending verification”.`
        : 'The two words differ, so a trusted worker decides.';
    case 'settled':
      return job.flaky
        ? 'Trusted workers came to different ends with it: the job is flaky, and no worker is blamed.'
        : 'The words differed, and a trusted worker decided.';
    default:
      return '';
  }
}

export const WHY =
  'This machine is lent by somebody whose results few others have confirmed yet. So a worker of another owner runs the same job, and only what both say counts.';
