import type { Build, Job, Repository } from '../api/types';
import type { RouteName } from './router';
import { seen, shapeOf, type Shape } from './states';
import { pageOf, type Facts } from './titles';

const COLORS: Record<Shape, string> = {
  created: '#66707D',
  queued: '#66707D',
  received: '#B87503',
  started: '#B87503',
  passed: '#1A7F50',
  failed: '#C5303A',
  errored: '#8B3C96',
  canceled: '#77716A',
  'failed-allowed': '#C5303A',
  'passed-provisional': '#1A7F50',
  'failed-provisional': '#C5303A',
  'errored-provisional': '#8B3C96',
};

const MARKS: Record<Shape, string> = {
  created:
    '<circle cx="8" cy="8" r="6" fill="none" stroke="C" stroke-width="2.4" stroke-dasharray="3 2"/>',
  queued:
    '<circle cx="8" cy="8" r="6" fill="none" stroke="C" stroke-width="2.4"/><circle cx="8" cy="8" r="2" fill="C"/>',
  received:
    '<circle cx="8" cy="8" r="6" fill="none" stroke="C" stroke-width="2.4"/><path d="M8 4a4 4 0 0 0 0 8z" fill="C"/>',
  started:
    '<circle cx="8" cy="8" r="6" fill="none" stroke="C" stroke-opacity=".35" stroke-width="3"/><path d="M8 2a6 6 0 0 1 6 6" fill="none" stroke="C" stroke-width="3"/><circle cx="8" cy="8" r="2.2" fill="C"/>',
  passed:
    '<circle cx="8" cy="8" r="7.5" fill="C"/><path d="M4.6 8.2l2.4 2.4 4.4-4.8" fill="none" stroke="#fff" stroke-width="2"/>',
  failed:
    '<rect x="1" y="1" width="14" height="14" rx="3" fill="C"/><path d="M5 5l6 6M11 5l-6 6" stroke="#fff" stroke-width="2"/>',
  errored:
    '<path d="M8 1l7.5 14H.5z" fill="C"/><path d="M8 6v4M8 11.4v1.8" stroke="#fff" stroke-width="1.8"/>',
  canceled:
    '<circle cx="8" cy="8" r="6.4" fill="none" stroke="C" stroke-width="2.2"/><path d="M3.6 12.4l8.8-8.8" stroke="C" stroke-width="2.2"/>',
  'failed-allowed': '<rect x="1" y="1" width="14" height="14" rx="3" fill="C"/>',
  'passed-provisional':
    '<circle cx="8" cy="8" r="6.6" fill="none" stroke="C" stroke-width="2.2" stroke-dasharray="3 2.2"/><path d="M4.8 8.2l2.2 2.2 4.2-4.6" fill="none" stroke="C" stroke-width="2"/>',
  'failed-provisional':
    '<rect x="1.4" y="1.4" width="13.2" height="13.2" rx="2.6" fill="none" stroke="C" stroke-width="2.2" stroke-dasharray="3 2"/><path d="M5 5l6 6M11 5l-6 6" stroke="C" stroke-width="2"/>',
  'errored-provisional':
    '<path d="M8 1.8l6.6 12.4H1.4z" fill="none" stroke="C" stroke-width="2" stroke-dasharray="3 2"/><path d="M8 6v4M8 11.4v1.6" stroke="C" stroke-width="1.8"/>',
};

function setIcon(state: string | null, provisional: boolean): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (!link) return;
  if (state === null) {
    link.href = '/favicon.svg';
    return;
  }
  const shape = shapeOf(state, false, provisional);
  const body = MARKS[shape].replaceAll('C"', `${COLORS[shape]}"`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${body}</svg>`;
  link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The tab's title and icon: of the page, by what it knows of what it shows. */
export function setPage(route: RouteName | 'notFound', facts: Facts = {}): void {
  const { title, state, provisional } = pageOf(route, facts);
  document.title = title ? `${title} · Travis` : 'Travis';
  setIcon(state, provisional);
}

/** What a page of a build or a job knows of it; `missing` when there is none. */
export function runFacts(repo: Repository, run: Build | Job | undefined, missing: boolean): Facts {
  if (!run) return { repo: repo.name, missing };
  const number = run['@type'] === 'build' ? `#${run.number}` : run.number;
  return { repo: repo.name, run: { number, ...seen(run) } };
}

/** What a page of a repository knows of it. */
export function repoFacts(repo: Repository): Facts {
  return { repo: repo.name, current: repo.current_build ? seen(repo.current_build) : null };
}

/** The repository that the home page shows, so that the list can mark it. */
class Shown {
  slug = $state('');
  /** Home asks what to build; on the phone that is the screen instead of the list. */
  welcome = $state(false);
}

export const atHome = new Shown();
