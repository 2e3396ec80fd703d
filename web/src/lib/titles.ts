/** What the tab of each page says, and which state its icon shows. All pure. */
import type { RouteName } from './router';
import { phraseOf } from './states';

export interface Page {
  title: string;
  /** The state that the icon shows; none for the app's own. */
  state: string | null;
  provisional: boolean;
}

/** A build or a job: its number as it is written, and how it stands. */
export interface Run {
  number: string;
  state: string;
  provisional?: boolean;
}

/** What a page knows of what it shows; what it does not know yet is left out. */
export interface Facts {
  /** The repository's name. */
  repo?: string;
  /** How the repository's current build stands. */
  current?: { state: string; provisional?: boolean } | null;
  run?: Run | undefined;
  /** A number that the reader waits for: active builds, requests to approve. */
  count?: number;
  /** A person or a worker. */
  who?: string;
  /** How a worker stands, in a word, and as a shape. */
  standing?: { word: string; shape: string | null };
  /** There is no such thing. */
  missing?: boolean;
  /** A part of the page that has a name of its own. */
  part?: string;
}

const plain = (title: string): Page => ({ title, state: null, provisional: false });

const running = (state: string): boolean => state === 'started' || state === 'received';

/** `● #1284 running · beacon`. */
export function runTitle(run: Run, repo: string): string {
  const { number, state, provisional = false } = run;
  return `${running(state) ? '● ' : ''}${number} ${phraseOf(state, { provisional })} · ${repo}`;
}

/** A page about a build or a job; `part` is said before it when it shows a part alone. */
function ofRun(part: string, { run, repo = '' }: Facts): Page {
  if (!run) return plain(part ? `${part} · ${repo}` : repo);
  const title = runTitle(run, repo);
  return {
    title: part ? `${part} · ${title}` : title,
    state: run.state,
    provisional: run.provisional ?? false,
  };
}

/** A page about a repository: its icon is that of the current build. */
function ofRepo(title: string, { repo = '', current }: Facts): Page {
  return {
    title: `${title} · ${repo}`,
    state: current?.state ?? null,
    provisional: current?.provisional ?? false,
  };
}

const counted = (count = 0, words: string): string => (count > 0 ? `(${count} ${words}) ` : '');

const PAGES: Record<RouteName | 'notFound', (facts: Facts) => Page> = {
  home: () => plain('Repositories'),
  active: ({ count = 0 }) =>
    count > 0
      ? {
          title: `${count} active build${count === 1 ? '' : 's'}`,
          state: 'started',
          provisional: false,
        }
      : plain('Active builds'),
  workers: () => plain('Workers'),
  workerNew: ({ who, standing }) => ({
    title: who ? `${who} has joined` : 'Contribute a worker',
    state: standing?.shape ?? null,
    provisional: false,
  }),
  worker: ({ who, standing }) => ({
    title: who && standing ? `${who}, ${standing.word}` : 'Worker',
    state: standing?.shape ?? null,
    provisional: false,
  }),
  person: ({ who = '' }) => plain(`${who} lends`),
  account: () => plain('Account'),
  signIn: () => plain('Sign in'),
  add: ({ part }) => plain(part ?? 'Add a repository'),
  setup: () => plain('Set up this server'),
  lint: () => plain('Check a .travis.yml'),
  admin: () => plain('Administration'),
  owner: ({ who = '' }) => plain(who),
  repo: (facts) => (facts.run ? ofRun('', facts) : plain(facts.repo ?? '')),
  builds: (facts) => ofRepo('Build history', facts),
  build: (facts) => ofRun('', facts),
  config: (facts) => ofRun('Configuration', facts),
  buildTests: (facts) => ofRun('Tests', facts),
  job: (facts) => ofRun('', facts),
  jobTests: (facts) => ofRun('Tests', facts),
  jobArtifacts: (facts) => ofRun('Artifacts', facts),
  jobConfig: (facts) => ofRun('Configuration', facts),
  jobAttempts: (facts) => ofRun('Attempts', facts),
  branches: (facts) => ofRepo('Branches', facts),
  pulls: (facts) => ofRepo(`${counted(facts.count, 'to approve')}Pull requests`, facts),
  requests: (facts) => ofRepo('Requests', facts),
  deliveries: (facts) => ofRepo('Deliveries', facts),
  caches: (facts) => ofRepo('Caches', facts),
  settings: (facts) => ofRepo('Settings', facts),
  insights: (facts) => ofRepo('Insights', facts),
  notFound: () => plain('Not found'),
};

/** The title and icon of a page. */
export function pageOf(route: RouteName | 'notFound', facts: Facts = {}): Page {
  if (facts.missing) return plain(facts.repo ? `Not found · ${facts.repo}` : 'Not found');
  return PAGES[route](facts);
}
