/**
 * Why no build came of a request, and what to do: the server's reason texts (the original's words
 * where it has them) in sentences for people. All pure.
 */

/** What can be done about it from the page. */
export type Step = 'settings' | 'build' | 'pulls' | 'forge' | 'none';

export interface Reason {
  /** A whole thought: `No build: skipped by the commit message`. */
  title: string;
  /** What to do; pieces between backquotes are code. */
  remedy: string;
  step: Step;
}

/** What the request was about. */
export interface About {
  branch: string | null;
  event: string;
  /** The pull request's number. */
  pull?: number | null;
}

interface Rule {
  pattern: RegExp;
  title: string;
  remedy: (about: About, message: string) => string;
  step?: Step | ((about: About) => Step);
}

const isPull = (about: About): boolean => about.event === 'pull_request';
const branchOf = (about: About): string => about.branch ?? 'the branch';

/** First fit wins. */
const RULES: Rule[] = [
  {
    pattern: /skipped (via|through) commit message/i,
    title: 'No build: skipped by the commit message',
    remedy: (about) =>
      'The message asks for no build, with `[skip ci]` or one of its forms. ' +
      (isPull(about)
        ? 'A commit without it asks again.'
        : 'A commit without it is built, and this one can be built anyway.'),
    step: (about) => (isPull(about) ? 'none' : 'build'),
  },
  {
    pattern: /merge commit|not mergeable/i,
    title: 'No build: not mergeable yet',
    remedy: () =>
      'The pull request is closed or has conflicts with its base, so there is no merge commit to ' +
      'build. Solve them and push; that asks again.',
    step: 'forge',
  },
  {
    pattern: /github pages|gh[-_]pages/i,
    title: 'No build: gh-pages is left out by default',
    remedy: () => 'Name it under `branches: only:` to build it.',
  },
  {
    pattern: /not included per|branch not included/i,
    title: 'No build: branch not named by the configuration',
    remedy: (about) =>
      `\`branches: only:\` in \`.travis.yml\` does not fit “${branchOf(about)}”. Add it there, or ` +
      'remove the rule.',
  },
  {
    pattern: /branch excluded|excluded (per|by the) configuration/i,
    title: 'No build: branch excluded by the configuration',
    remedy: (about) =>
      `\`branches: except:\` in \`.travis.yml\` fits “${branchOf(about)}”. Remove it there to ` +
      'build it.',
  },
  {
    pattern: /pull requests disabled/i,
    title: 'No build: pull requests are switched off',
    remedy: () => 'Switch on “Build pull requests” in Settings.',
    step: 'settings',
  },
  {
    pattern: /pushes disabled/i,
    title: 'No build: pushes are switched off',
    remedy: () => 'Switch on “Build pushes” in Settings.',
    step: 'settings',
  },
  {
    pattern: /build type disabled/i,
    title: 'No build: switched off in Settings',
    remedy: (about) =>
      `Switch on “Build ${isPull(about) ? 'pull requests' : 'pushes'}” in Settings.`,
    step: 'settings',
  },
  {
    pattern: /^condition not met/i,
    title: 'No build: its condition is false here',
    remedy: (about, message) =>
      `The file says \`${message.replace(/^[^:]*: /, '').replaceAll('`', 'ˋ')}\` at its top, which does ` +
      `not hold for ${EVENT_NOUNS[about.event] ?? 'this event'}. Change it there.`,
  },
  {
    pattern: /did not create any jobs|matrix created no jobs/i,
    title: 'No build: the configuration makes no job',
    remedy: () =>
      'Every job has a condition (`if:`) that is false here, or is left out by `jobs: exclude:`. ' +
      'Change one of them.',
  },
  {
    pattern: /(no|missing).*\.travis\.yml|\.travis\.yml is missing/i,
    title: 'No build: no .travis.yml',
    remedy: () =>
      'Add one to the repository and push it. Or switch off “Only with a .travis.yml” in Settings.',
    step: 'settings',
  },
  {
    pattern: /yaml syntax|config is missing/i,
    title: 'No build: .travis.yml can’t be read',
    remedy: () => 'Mend the file and push it; the build’s configuration page shows the line.',
  },
  {
    pattern: /compare url too long/i,
    title: 'No build: the address of the comparison is too long',
    remedy: () => 'Give the branch or the tag a shorter name, and push again.',
  },
  {
    pattern: /newer commit came/i,
    title: 'No build: a newer commit came first',
    remedy: () => 'Its own request stands above.',
    step: (about) => (isPull(about) ? 'pulls' : 'none'),
  },
  {
    pattern: /pull request (was|is) closed/i,
    title: 'No build: the pull request was closed',
    remedy: () => 'Reopen it to ask again.',
    step: 'forge',
  },
  {
    pattern: /could not authori[sz]e|private repository/i,
    title: 'No build: it may not be built here',
    remedy: () =>
      'Whoever owns this server chooses whose repositories it builds. Ask them to add this one.',
  },
  {
    pattern: /excluded repository/i,
    title: 'No build: the repository is shut out',
    remedy: () => 'The operator of this server did that; ask them why.',
  },
  {
    pattern: /missing commit|no such commit|commit .*(not found|is not there)/i,
    title: 'No build: the commit is not there',
    remedy: () =>
      'The branch was deleted or pushed over before it was read. Its newest commit can be built.',
    step: 'build',
  },
];

function split(text: string): [string, string] {
  const end = text.search(/\. |: (?=[^/])/);
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 2)];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The reason in sentences; an unknown text is shown as it is. */
export function reasonOf(message: string | null, about: About): Reason {
  if (!message) {
    return {
      title: 'No build',
      remedy: 'No reason was kept. Ask for a build to see what happens.',
      step: isPull(about) ? 'none' : 'build',
    };
  }
  for (const rule of RULES) {
    if (!rule.pattern.test(message)) continue;
    const step = typeof rule.step === 'function' ? rule.step(about) : (rule.step ?? 'none');
    return { title: rule.title, remedy: rule.remedy(about, message), step };
  }
  const [what, more] = split(message);
  const title = /^no build/i.test(what) ? what : `No build: ${what.replace(/\.$/, '')}`;
  return { title, remedy: capital(more), step: 'none' };
}

/** A sentence in pieces, those between backquotes marked as code. */
export function pieces(text: string): { text: string; code: boolean }[] {
  return text
    .split('`')
    .map((piece, at) => ({ text: piece, code: at % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}

const EVENTS: Record<string, string> = {
  push: 'push',
  pull_request: 'pull request',
  api: 'asked for',
  cron: 'cron',
};

/** In a sentence: `for a push`. */
const EVENT_NOUNS: Record<string, string> = {
  push: 'a push',
  pull_request: 'a pull request',
  api: 'a build that was asked for',
  cron: 'a cron',
};

export function eventWord(event: string): string {
  return EVENTS[event] ?? event.replaceAll('_', ' ');
}
