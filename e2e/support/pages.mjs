// Every page of the app, and the states that matter: who looks at it, where it is, and what stands
// there once it is whole. `beside` names the reference's picture of it.

import { sees } from './browser.mjs';

const BEACON = '/harborlight/beacon';
const at = (path) => () => path;
const dialog = (page) => page.getByRole('dialog');

export const PAGES = {
  home: { path: at('/'), sees: '400 of 1,000 rounds', beside: 'home-light, home-dark, home-phone-list' },
  repository: { path: at(BEACON), sees: '400 of 1,000 rounds', tall: true, beside: 'home-light, home-dark, home-phone' },
  build: { path: (ids) => `${BEACON}/builds/${ids.failed}`, sees: 'Try a smaller grace period', beside: 'home-light' },
  'build-errored': { path: (ids) => `${BEACON}/builds/${ids.errored}`, sees: 'no job was made', beside: 'error-yaml-light' },
  'build-tests': { path: (ids) => `${BEACON}/builds/${ids.failed}/tests`, sees: 'survives a lost first packet', beside: 'none' },
  config: { path: (ids) => `${BEACON}/builds/${ids.config}/config`, sees: 'langauge', beside: 'config-light' },
  job: { path: (ids) => `${BEACON}/jobs/${ids.failedJob}`, sees: 'Granted', beside: 'job-light, job-dark, job-phone' },
  'job-running': { path: (ids) => `${BEACON}/jobs/${ids.runningJob}`, sees: '400 of 1,000 rounds', beside: 'job-light, job-phone' },
  'job-tests': { path: (ids) => `${BEACON}/jobs/${ids.failedJob}/tests`, sees: 'survives a lost first packet', beside: 'none' },
  'job-artifacts': { path: (ids) => `${BEACON}/jobs/${ids.failedJob}/artifacts`, sees: 'coverage.txt', beside: 'none' },
  'job-config': { path: (ids) => `${BEACON}/jobs/${ids.failedJob}/config`, sees: 'script', beside: 'config-light' },
  'job-attempts': { path: (ids) => `${BEACON}/jobs/${ids.failedJob}/attempts`, sees: 'oak-1', beside: 'none' },
  branches: { path: at(`${BEACON}/branches`), sees: 'release-0.14', beside: 'branches-light' },
  history: { path: at(`${BEACON}/builds`), sees: 'Pin the wire version', tall: true, beside: 'history-light, history-phone' },
  pulls: { path: at(`${BEACON}/pull_requests`), sees: 'Support link-local addresses', beside: 'pulls-light' },
  requests: { path: at(`${BEACON}/requests`), sees: '[skip ci]', tall: true, beside: 'requests-light' },
  deliveries: { path: at(`${BEACON}/requests/deliveries`), sees: 'The hook works', beside: 'requests-light' },
  caches: { path: at(`${BEACON}/caches`), sees: 'cache-linux', beside: 'none' },
  settings: {
    path: at(`${BEACON}/settings`),
    sees: 'REGISTRY_TOKEN',
    act: async (page, _, scene) => {
      await scene.cron();
      await sees(page.locator('main'), 'built within 24 h');
    },
    tall: true, beside: 'settings-light',
  },
  'no-build': { path: at('/kestrel/windvane'), sees: 'Waiting for the first push', beside: 'empty-repository-light' },
  'no-branches': { path: at('/kestrel/windvane/branches'), sees: 'ranch', shows: ['light'], beside: 'none' },
  'no-history': { path: at('/kestrel/windvane/builds'), sees: 'uild', shows: ['light'], beside: 'none' },
  'no-pulls': { path: at('/kestrel/windvane/pull_requests'), sees: 'No pull request', shows: ['light'], beside: 'none' },
  'no-requests': { path: at('/kestrel/windvane/requests'), sees: 'equest', shows: ['light'], beside: 'none' },
  'no-caches': { path: at('/kestrel/windvane/caches'), sees: 'No job has kept anything yet', shows: ['light'], beside: 'none' },
  insights: { path: at(`${BEACON}/insights`), sees: 'Duration', tall: true, beside: 'none' },
  'no-insights': { path: at('/kestrel/windvane/insights'), sees: 'No builds in this span', shows: ['light'], beside: 'none' },
  owner: { path: at('/harborlight'), sees: 'beacon', beside: 'none' },
  active: { path: at('/active'), sees: 'Retry the lease handshake', beside: 'none' },
  workers: { path: at('/workers'), sees: 'rainy-day', beside: 'fleet-light, fleet-dark' },
  worker: { path: (ids) => `/workers/${ids.worker}`, sees: 'What it did', tall: true, beside: 'worker-light' },
  person: { path: at('/people/kestrel'), sees: 'rainy-day', beside: 'none' },
  lend: { path: at('/workers/new'), sees: 'enrol_4kQ9', tall: true, beside: 'contribute-1-choose-light, contribute-1-choose-phone' },
  'lend-waiting': {
    path: at('/workers/new'),
    sees: 'enrol_4kQ9',
    act: async (page) => {
      await page.getByRole('button', { name: 'I have started it' }).click();
      await sees(page.locator('main'), 'Waiting for first contact');
    },
    beside: 'contribute-2-waiting-light, contribute-2-waiting-dark, contribute-2-waiting-phone',
  },
  account: { path: at('/account'), sees: 'this browser', beside: 'none' },
  add: {
    path: at('/add'),
    sees: 'beacon',
    act: async (page) => {
      await page.getByRole('group', { name: /whose|owner/i }).or(page.locator('main')).first().getByRole('button', { name: /^All/ }).click();
      await sees(page.locator('main'), 'dotpress');
    },
    beside: 'empty-first-visit-light',
  },
  'add-by-address': { who: 'operator', path: at('/add?by=address'), sees: 'Clone URL', beside: 'none' },
  lint: { path: at('/lint'), sees: '.travis.yml', beside: 'config-light' },
  setup: { who: 'operator', path: at('/setup'), sees: 'Who may do what', beside: 'set-up-light' },
  admin: { who: 'operator', path: at('/admin'), sees: 'limits.total', beside: 'none' },
  'admin-refused': { path: at('/admin'), sees: '403', beside: 'error-not-found-light' },
  'sign-in': { who: 'visitor', path: at('/sign-in'), sees: 'Sign in with GitHub', beside: 'sign-in-light' },
  'settings-refused': { who: 'visitor', path: at(`${BEACON}/settings`), sees: 'ettings', beside: 'error-not-found-light' },
  'caches-refused': { who: 'visitor', path: at(`${BEACON}/caches`), sees: '403', shows: ['light'], beside: 'error-not-found-light' },
  'account-refused': { who: 'visitor', path: at('/account'), sees: 'You are not signed in', shows: ['light', 'phone'], beside: 'none' },
  'lend-refused': { who: 'visitor', path: at('/workers/new'), sees: 'Sign in to lend a machine', shows: ['light'], beside: 'none' },
  'no-repository': { who: 'visitor', path: at('/harborlight/beacn'), sees: '404', beside: 'error-not-found-light' },
  'no-job': { path: at(`${BEACON}/jobs/999999`), sees: '404', shows: ['light'], beside: 'error-not-found-light' },
  'no-worker': { path: at('/workers/999'), sees: '404', shows: ['light'], beside: 'error-not-found-light' },
  'no-page': { path: at('/a/b/c/d/e'), sees: '404', shows: ['light', 'phone'], beside: 'error-not-found-light' },
  trigger: {
    path: at(BEACON),
    sees: '400 of 1,000 rounds',
    act: async (page) => {
      await page.getByRole('button', { name: 'Trigger build' }).click();
      await sees(dialog(page), 'It makes');
    },
    beside: 'dialog-trigger-light',
  },
  badges: {
    path: at(`${BEACON}/branches`),
    sees: 'release-0.14',
    act: async (page) => {
      await page.getByTitle('The badge, for your README').click();
      await dialog(page).getByRole('img').waitFor();
    },
    shows: ['light', 'dark'],
    beside: 'none',
  },
  keys: {
    path: at(`${BEACON}/branches`),
    sees: 'release-0.14',
    act: async (page) => {
      await page.keyboard.press('?');
      await sees(dialog(page), 'In a log');
    },
    beside: 'none',
  },
  palette: {
    path: at(`${BEACON}/branches`),
    sees: 'release-0.14',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await dialog(page).waitFor();
      await page.keyboard.type('bea');
      await sees(dialog(page), 'harborlight/beacon');
    },
    beside: 'none',
  },
  away: {
    path: at(BEACON),
    sees: '400 of 1,000 rounds',
    act: async (page, held) => {
      held.away(true);
      await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor();
      // The countdown is another one each time.
      await page.addStyleTag({ content: '.wait { visibility: hidden }' });
    },
    undo: (_, held) => held.away(false),
    beside: 'error-server-unreachable-light',
  },
};
