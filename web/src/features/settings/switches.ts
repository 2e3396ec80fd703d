import type { Setting, SettingName, SettingValues } from '../../api/types';

/** The switches of a repository: their words, and reading what the server sends. All pure. */

export const DEFAULTS: SettingValues = {
  build_pushes: true,
  build_pull_requests: true,
  auto_cancel_pushes: false,
  auto_cancel_pull_requests: true,
  builds_only_with_travis_yml: false,
  allow_config_imports: false,
  maximum_number_of_builds: 0,
  approval: 'first_time',
  min_executor: 'any',
};

/** The names of switches that are on or off. */
export type SwitchName = {
  [N in SettingName]: SettingValues[N] extends boolean ? N : never;
}[SettingName];

export interface SwitchWords {
  name: SwitchName;
  text: string;
  note: string;
  /** What the toast says of it when it is on, and when it is off. */
  on: string;
  off: string;
}

export const BUILDS: SwitchWords[] = [
  {
    name: 'build_pushes',
    text: 'Build pushes',
    note: 'Branches and tags',
    on: 'Pushes are built',
    off: 'Pushes are not built',
  },
  {
    name: 'build_pull_requests',
    text: 'Build pull requests',
    note: 'The merge of the pull request into its base',
    on: 'Pull requests are built',
    off: 'Pull requests are not built',
  },
  {
    name: 'builds_only_with_travis_yml',
    text: 'Only with a .travis.yml',
    note: 'Commits without one are listed under Requests, with this reason',
    on: 'Commits without a .travis.yml make no build',
    off: 'Commits without a .travis.yml are built with the defaults',
  },
  {
    name: 'allow_config_imports',
    text: 'Share its configuration',
    note: 'Other private repositories of the same owner may import files of this one',
    on: 'Private repositories of the same owner may import its files',
    off: 'No other repository may import its files while it is private',
  },
];

export const OVERTAKEN: SwitchWords[] = [
  {
    name: 'auto_cancel_pushes',
    text: 'Builds of pushes',
    note: 'Waiting and running ones of the same branch',
    on: 'Overtaken builds of pushes are canceled',
    off: 'Overtaken builds of pushes go on',
  },
  {
    name: 'auto_cancel_pull_requests',
    text: 'Builds of pull requests',
    note: 'Waiting and running ones of the same pull request',
    on: 'Overtaken builds of pull requests are canceled',
    off: 'Overtaken builds of pull requests go on',
  },
];

export interface Policy {
  value: SettingValues['approval'];
  text: string;
  note: string;
  said: string;
}

export const POLICIES: Policy[] = [
  {
    value: 'first_time',
    text: 'First-time contributors',
    note: 'Somebody whose change was never merged or approved here waits for a maintainer’s word. Those who are known build at once.',
    said: 'First-time contributors wait for approval',
  },
  {
    value: 'forks',
    text: 'All forks',
    note: 'Every commit from a fork waits for a maintainer’s word, whoever wrote it.',
    said: 'All forks wait for approval',
  },
  {
    value: 'never',
    text: 'Nobody',
    note: 'Every pull request builds at once. It never has secrets, but anybody can use your workers’ time.',
    said: 'Nobody waits for approval',
  },
];

export interface Isolation {
  value: SettingValues['min_executor'];
  text: string;
  note: string;
  said: string;
}

export const ISOLATIONS: Isolation[] = [
  {
    value: 'any',
    text: 'As the worker has it',
    note: 'A worker isolates each job as strongly as it can.',
    said: 'Jobs run in whatever isolation a worker has',
  },
  {
    value: 'namespace',
    text: 'Namespaces or stronger',
    note: 'Never on a worker that isolates nothing.',
    said: 'Jobs run in namespaces or stronger',
  },
  {
    value: 'container',
    text: 'Containers or stronger',
    note: 'Jobs wait where every such worker is busy or away.',
    said: 'Jobs run in containers or stronger',
  },
  {
    value: 'vm',
    text: 'Virtual machines',
    note: 'A machine of its own for each job; jobs wait for workers that can.',
    said: 'Jobs run in virtual machines',
  },
];

/** What the server sent, with defaults for what it does not know. */
export function readSettings(settings: Setting[]): SettingValues {
  const values: SettingValues = { ...DEFAULTS };
  for (const { name, value } of settings) {
    if (name === 'maximum_number_of_builds') {
      values.maximum_number_of_builds = typeof value === 'number' ? value : 0;
    } else if (name === 'approval') {
      const policy = POLICIES.find((one) => one.value === value);
      if (policy) values.approval = policy.value;
    } else if (name === 'min_executor') {
      const least = ISOLATIONS.find((one) => one.value === value);
      if (least) values.min_executor = least.value;
    } else if (name in values && typeof value === 'boolean') {
      values[name as SwitchName] = value;
    }
  }
  return values;
}

const MOST_JOBS = 1000;

/** A limit as typed: empty is none. Nothing when it is wrong. */
export function readLimit(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  if (!/^\d{1,4}$/.test(trimmed)) return null;
  const limit = Number(trimmed);
  return limit <= MOST_JOBS ? limit : null;
}

/** What is wrong with it, with the fix. */
export function limitProblem(text: string): string {
  return readLimit(text) === null
    ? `A whole number from 1 to ${MOST_JOBS}, or empty for no limit`
    : '';
}

export const limitSaid = (limit: number): string =>
  limit === 0 ? 'No limit of jobs' : `Limit set to ${limit} ${limit === 1 ? 'job' : 'jobs'}`;

/** Where the forge shows a repository's webhooks. */
export function hooksAddress(kind: string, htmlUrl: string | null | undefined): string | null {
  if (!htmlUrl) return null;
  const base = htmlUrl.replace(/\/$/, '');
  return kind === 'gitlab' ? `${base}/-/hooks` : `${base}/settings/hooks`;
}
