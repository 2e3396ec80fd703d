import type { PullRequest, Repository, Request } from '../../api/types';

/** Words and order of pull requests. All pure. */

/** Those that wait for a person come first; else as the server has them, newest activity first. */
export function heldFirst(pulls: PullRequest[]): PullRequest[] {
  const held = (pull: PullRequest): boolean => isHeld(pull.waiting_request);
  return [...pulls.filter(held), ...pulls.filter((pull) => !held(pull))];
}

/** A request that waits for a maintainer's word. */
export function isHeld(request: Request | null | undefined): request is Request {
  return request?.state === 'pending' && Boolean(request.held_at);
}

/** Why a request waits: `first contribution by reedling`. */
export function heldWhy(request: Request, author: string): string {
  // What follows the colon is said by the page itself.
  const reason = (request.held_reason ?? '').split(': ')[0]?.trim().replace(/\.$/, '') ?? '';
  switch (reason) {
    case 'first_time':
    case '':
      return `first contribution by ${author}`;
    case 'forks':
      return `every pull request from a fork does here, this one is by ${author}`;
    default:
      return reason.startsWith(author) ? reason : reason.charAt(0).toLowerCase() + reason.slice(1);
  }
}

/** `thicket:examples` for a fork's branch, else the branch alone. */
export function headName(pull: {
  fork: boolean;
  head_slug: string | null;
  head_branch: string;
}): string {
  if (!pull.fork) return pull.head_branch;
  const owner = pull.head_slug?.split('/')[0];
  return `${owner ?? 'a deleted repository'}:${pull.head_branch}`;
}

export const short = (sha: string | null | undefined): string => sha?.slice(0, 7) ?? '';

/** May ask for builds and approve. */
export function mayBuild(repo: Pick<Repository, '@permissions'>): boolean {
  return repo['@permissions'].build ?? repo['@permissions'].create_request;
}

/** May change settings, and give secrets away. */
export function maySet(repo: Pick<Repository, '@permissions'>): boolean {
  return repo['@permissions'].settings ?? repo['@permissions'].admin;
}
