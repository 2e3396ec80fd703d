/** What can be done from the jump box: by what is on the page and what the reader may. Pure. */
import type { Build, CurrentUser, Job, Repository } from '../../api/types';
import { href, slugParts } from '../../lib/router';
import { isOver } from '../../lib/states';
import type { Item } from './find';

export interface Context {
  /** The repository of the page. */
  repo?: Repository | undefined;
  /** The build that the page shows. */
  build?: Build | undefined;
  /** The job that the page shows. */
  job?: Job | undefined;
  user: CurrentUser | null;
  dark: boolean;
  followed: boolean;
  listHidden: boolean;
  letterKeys: boolean;
}

/** How it is done. */
export interface Deeds {
  go: (to: string) => void;
  change: (run: Build | Job, what: 'restart' | 'cancel') => void;
  follow: (build: Build) => void;
  trigger: (slug: string) => void;
  badge: (slug: string) => void;
  star: (repo: Repository) => void;
  copyLink: () => void;
  theme: (choice: 'light' | 'dark' | 'system') => void;
  keySheet: () => void;
  letterKeys: (on: boolean) => void;
  hideList: (hidden: boolean) => void;
  signIn: () => void;
  signOut: () => void;
}

type Deed = Omit<Item, 'note'> & { note?: string };
const only = (may: boolean | undefined, ...items: Deed[]): Deed[] => (may ? items : []);

function ofRun(run: Build | Job, does: Deeds): Deed[] {
  const name = run['@type'] === 'build' ? `build #${run.number}` : `job ${run.number}`;
  const may = run['@permissions'];
  const over = isOver(run.state);
  const key = run['@type'];
  return [
    ...only(may.restart && over, {
      key: `restart-${key}`,
      text: `Restart ${name}`,
      also: 'rerun again retry',
      icon: 'restart',
      run: () => does.change(run, 'restart'),
    }),
    ...only(may.cancel && !over, {
      key: `cancel-${key}`,
      text: `Cancel ${name}`,
      also: 'stop abort',
      icon: 'stop',
      run: () => does.change(run, 'cancel'),
    }),
  ];
}

function ofPage({ repo, build, job, followed }: Context, does: Deeds): Deed[] {
  return [
    ...only(build && !isOver(build.state), {
      key: 'follow',
      text: followed
        ? `Follow build #${build?.number} no more`
        : `Follow build #${build?.number}: notify me when it is over`,
      also: 'notify notification watch unfollow',
      icon: 'bell',
      run: () => build && does.follow(build),
    }),
    ...only(repo?.active && repo['@permissions'].create_request, {
      key: 'trigger',
      text: `Trigger a build of ${repo?.slug}`,
      also: 'run start',
      icon: 'play',
      run: () => repo && does.trigger(repo.slug),
    }),
    // Not first: Enter in an empty box changes nothing.
    ...(job ? ofRun(job, does) : []),
    ...(build ? ofRun(build, does) : []),
  ];
}

function ofRepo(repo: Repository, does: Deeds): Deed[] {
  const { slug } = repo;
  const params = slugParts(slug);
  const may = repo['@permissions'];
  const to = (
    key: string,
    text: string,
    note: string,
    address: string,
    icon: Item['icon'] = 'right',
  ): Deed => ({
    key,
    text: `${text} of ${slug}`,
    note,
    ...(icon && { icon }),
    run: () => does.go(address),
  });
  return [
    to('current', 'Current build', 'g c', href('repo', params)),
    to('branches', 'Branches', 'g b', href('branches', params), 'branch'),
    to('history', 'Build history', 'g h', href('builds', params), 'clock'),
    to('pulls', 'Pull requests', 'g p', href('pulls', params), 'pull'),
    to('requests', 'Requests', 'g r', href('requests', params), 'inbox'),
    to('insights', 'Insights', 'g i', href('insights', params), 'info'),
    ...only(
      may.admin || may.create_request,
      to('caches', 'Caches', '', href('caches', params), 'box'),
      to('settings', 'Settings', 'g s', href('settings', params), 'gear'),
    ),
    {
      key: 'badge',
      text: `Badge of ${slug}`,
      icon: 'shield',
      run: () => does.badge(slug),
    },
    ...only(may.star, {
      key: 'star',
      text: repo.starred ? `Take the star from ${slug}` : `Star ${slug}`,
      also: 'favorite unstar',
      icon: 'star',
      run: () => does.star(repo),
    }),
  ];
}

function everywhere(context: Context, does: Deeds): Deed[] {
  const { user, dark, listHidden, letterKeys } = context;
  const to = (
    key: string,
    text: string,
    address: string,
    icon: NonNullable<Item['icon']>,
    note = '',
  ): Deed => ({
    key,
    text,
    note,
    icon,
    run: () => does.go(address),
  });
  return [
    to('home', 'Repositories', '/', 'menu'),
    to('active', 'Active builds', href('active'), 'play', 'g a'),
    to('workers', 'Workers', href('workers'), 'server', 'g w'),
    to('lint', 'Check a .travis.yml', href('lint'), 'check'),
    to('lend', 'Contribute a worker', href('workerNew'), 'plus'),
    ...only(
      user !== null,
      to('add', 'Add a repository', href('add'), 'plus'),
      to('account', 'Account, sessions, tokens', href('account'), 'key'),
    ),
    ...only(
      user?.admin,
      to('setup', 'Set up this server', href('setup'), 'server'),
      to('admin', 'Administration', href('admin'), 'gear'),
    ),
    {
      key: 'theme',
      text: dark ? 'Light theme' : 'Dark theme',
      also: 'toggle mode',
      icon: dark ? 'sun' : 'moon',
      run: () => does.theme(dark ? 'light' : 'dark'),
    },
    {
      key: 'theme-system',
      text: 'Theme as the system',
      icon: 'system',
      run: () => does.theme('system'),
    },
    {
      key: 'list',
      text: listHidden ? 'Show the left column' : 'Hide the left column',
      note: '[',
      icon: 'menu',
      run: () => does.hideList(!listHidden),
    },
    {
      key: 'copy',
      text: 'Copy the link of this page',
      icon: 'copy',
      run: () => does.copyLink(),
    },
    {
      key: 'keys',
      text: 'All keys',
      note: '?',
      also: 'shortcuts help',
      icon: 'info',
      run: does.keySheet,
    },
    {
      key: 'letters',
      text: letterKeys ? 'Single-letter keys off' : 'Single-letter keys on',
      icon: 'terminal',
      run: () => does.letterKeys(!letterKeys),
    },
    user
      ? { key: 'out', text: 'Sign out', also: 'log out', icon: 'out', run: does.signOut }
      : { key: 'in', text: 'Sign in', also: 'log in', icon: 'person', run: does.signIn },
  ];
}

/** What concerns the page first; `near` are those that stand there before anything is typed. */
export function actionsOf(context: Context, does: Deeds): { near: Item[]; others: Item[] } {
  const named = (deed: Deed): Item => ({ ...deed, note: deed.note || 'action' });
  return {
    near: ofPage(context, does).map(named),
    others: [...(context.repo ? ofRepo(context.repo, does) : []), ...everywhere(context, does)].map(
      named,
    ),
  };
}
