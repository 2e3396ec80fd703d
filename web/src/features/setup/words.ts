import type { Forge, Setup } from '../../api/types';
import { sentence } from '../../lib/sentence';

/** Why connecting a forge did not work, and what to do. */
export function setupTrouble(code: string): { text: string; next: string } {
  switch (code) {
    case 'state':
      return {
        text: 'The way back from the forge did not fit this browser.',
        next: 'It took too long, or began in another window. Begin again here. An app that was made already can be deleted at the forge.',
      };
    case 'denied':
      return {
        text: 'The app was not made.',
        next: 'Nothing was changed. Begin again when you like.',
      };
    case 'forge':
      return {
        text: 'The forge did not hand over the keys of the app.',
        next: 'Delete the app there, then make it again. The reason stands in the server’s log.',
      };
    case 'exists':
      return {
        text: 'That forge is connected already.',
        next: 'Remove it here first, to connect it anew.',
      };
    default:
      // The server says in words what it has no code for.
      return /\s/.test(code.trim())
        ? { text: 'Connecting did not work.', next: sentence(code.slice(0, LONGEST)) }
        : {
            text: 'Connecting did not work.',
            next: 'Try again. The reason stands in the server’s log.',
          };
  }
}

const LONGEST = 300;

/** What is wrong with the address of a forge, and the fix; empty when nothing is. */
export function forgeAddressProblem(text: string): string {
  const address = text.trim();
  if (address === '') return 'Give the address that people open in their browser';
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return 'Begin with https://';
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Begin with https://';
  if (url.username || url.password) return 'No name or password in the address';
  if (url.search || url.hash) return `Nothing after the path: ${url.origin}${url.pathname}`;
  return '';
}

/** What is wrong with the name of an organisation. */
export function organizationProblem(text: string): string {
  const name = text.trim();
  if (name === '' || /^[\w.-]+$/.test(name)) return '';
  const last = name.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return /^[\w.-]+$/.test(last) ? `Its name only: ${last}` : 'Letters, digits and dashes';
}

/**
 * Where the forge is to send people back to. It has the forge's number, which is the next one; GitHub is content with what the address begins with.
 */
export function callbackAddress(
  setup: Pick<Setup, 'public_url'> & { forges: Pick<Forge, 'id'>[] },
  kind: string,
): string {
  const base = setup.public_url.replace(/\/+$/, '');
  if (kind === 'github') return `${base}/auth`;
  const next = 1 + Math.max(0, ...setup.forges.map((forge) => forge.id));
  return `${base}/auth/${next}/callback`;
}

/** The callback of a forge that is there. */
export function callbackOf(setup: Pick<Setup, 'public_url'>, forge: Pick<Forge, 'id'>): string {
  return `${setup.public_url.replace(/\/+$/, '')}/auth/${forge.id}/callback`;
}

/** Where at a forge one makes an OAuth application. */
export function applicationsPage(kind: string, webUrl: string): string {
  const base = webUrl.trim().replace(/\/+$/, '');
  switch (kind) {
    case 'github':
      return `${base}/settings/applications/new`;
    case 'gitlab':
      return `${base}/-/user_settings/applications`;
    default:
      return `${base}/user/settings/applications`;
  }
}

export type StepName = 'forge' | 'signed_in' | 'repository' | 'worker';
export const STEPS: readonly StepName[] = ['forge', 'signed_in', 'repository', 'worker'];

/** The step that is open: the one chosen, else the first that is not done. */
export function openStep(
  steps: Setup['first_steps'],
  chosen: StepName | null | undefined,
): StepName | null {
  if (chosen !== undefined) return chosen;
  return STEPS.find((step) => !steps[step]) ?? null;
}

/** Who may, in words: `everybody`, or the patterns. */
export function accessWords(patterns: readonly string[], everybody: string): string {
  if (patterns.length === 0) return everybody;
  const shown = patterns
    .slice(0, 5)
    .map((one) => (one.startsWith('org:') ? `members of ${one.slice(4)}` : one));
  const more = patterns.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
