import { call, get, patch, post, remove, removeAnswered } from './client';
import type * as t from './types';

const part = (value: number | string): string => encodeURIComponent(value);
type RepoId = number | string;
type RepoFilter = {
  limit?: number;
  offset?: number;
  search?: string;
  active?: boolean;
  mine?: boolean;
  starred?: boolean;
  owner?: string | undefined;
};
type BuildFilter = {
  limit?: number;
  offset?: number;
  state?: string;
  event?: string;
  branch?: string;
  number?: string;
  jobs?: boolean;
};

type TestFilter = { filter: string; q: string; offset: number; limit: number };

/** Every call that the app makes, by what it asks for. `repo` is an id or `owner/name`. */
export const api = {
  user: () => get<t.CurrentUser>('/v3/user'),
  repositories: (f: RepoFilter = {}) =>
    get<t.Repositories>('/v3/repos', {
      limit: f.limit,
      offset: f.offset,
      search: f.search,
      'repository.active': f.active,
      mine: f.mine,
      starred_by_me: f.starred,
      owner: f.owner,
    }),
  repository: (repo: RepoId) => get<t.Repository>(`/v3/repo/${part(repo)}`),
  addRepository: (body: t.NewRepository) => post<t.Repository>('/v3/repos', body),
  removeRepository: (repo: RepoId) => remove(`/v3/repo/${part(repo)}`),
  activate: (repo: RepoId) => post<t.Repository>(`/v3/repo/${part(repo)}/activate`),
  deactivate: (repo: RepoId) => post<t.Repository>(`/v3/repo/${part(repo)}/deactivate`),
  ping: (repo: RepoId) => get<t.PingAddress>(`/v3/repo/${part(repo)}/ping`),
  repositoryStats: (repo: RepoId, f: { branch: string; days: number }) =>
    get<t.RepositoryStats>(`/v3/repo/${part(repo)}/stats`, {
      branch: f.branch || undefined,
      days: f.days,
    }),
  queueStats: (hours: number) => get<t.QueueStats>('/v3/stats/queue', { hours }),
  fleetStats: (hours: number) => get<t.FleetStats>('/v3/stats/fleet', { hours }),
  branches: (repo: RepoId) => get<t.Branches>(`/v3/repo/${part(repo)}/branches`, { limit: 100 }),
  builds: (repo: RepoId, f: BuildFilter = {}) =>
    get<t.Builds>(`/v3/repo/${part(repo)}/builds`, {
      limit: f.limit,
      offset: f.offset,
      'branch.name': f.branch,
      'build.state': f.state,
      'build.event_type': f.event,
      'build.number': f.number,
      include: f.jobs ? 'build.jobs' : undefined,
    }),
  allBuilds: (f: BuildFilter = {}) =>
    get<t.Builds>('/v3/builds', { limit: f.limit, offset: f.offset, 'build.state': f.state }),
  build: (id: RepoId) => get<t.Build>(`/v3/build/${part(id)}`),
  jobTests: (id: number, f: TestFilter) => get<t.Tests>(`/v3/job/${part(id)}/tests`, { ...f }),
  buildTests: (id: number, f: TestFilter) => get<t.Tests>(`/v3/build/${part(id)}/tests`, { ...f }),
  jobArtifacts: (id: number) => get<t.Artifacts>(`/v3/job/${part(id)}/artifacts`),
  buildConfig: (id: RepoId) => get<t.BuildConfig>(`/v3/build/${part(id)}/config`),
  lint: (content: string, signal?: AbortSignal) =>
    call<t.Lint>('POST', '/v3/lint', { body: { content }, ...(signal && { signal }) }),
  cancelBuild: (id: number) => post<t.PendingChange>(`/v3/build/${id}/cancel`),
  restartBuild: (id: number) => post<t.PendingChange>(`/v3/build/${id}/restart`),
  job: (id: RepoId) => get<t.Job>(`/v3/job/${part(id)}`),
  cancelJob: (id: number) => post<t.PendingChange>(`/v3/job/${id}/cancel`),
  restartJob: (id: number) => post<t.PendingChange>(`/v3/job/${id}/restart`),
  logLines: (job: number, first: number, count: number, attempt?: number, signal?: AbortSignal) =>
    get<t.LogLines>(`/v3/job/${job}/log/lines`, { first, count, attempt }, signal),
  logIndex: (job: number, attempt?: number) =>
    get<t.LogIndex>(`/v3/job/${job}/log/index`, { attempt }),
  knownLogLines: (
    worker: number,
    known: number,
    first: number,
    count: number,
    signal?: AbortSignal,
  ) =>
    get<t.LogLines>(
      `/v3/worker/${worker}/known_answer/${known}/log/lines`,
      { first, count },
      signal,
    ),
  knownLogIndex: (worker: number, known: number) =>
    get<t.LogIndex>(`/v3/worker/${worker}/known_answer/${known}/log/index`),
  logSearch: (
    job: number,
    q: { text: string; exact: boolean; regex: boolean; attempt?: number },
    signal?: AbortSignal,
  ) =>
    get<t.LogSearch>(
      `/v3/job/${job}/log/search`,
      {
        q: q.text,
        case: q.exact ? 1 : undefined,
        regex: q.regex ? 1 : undefined,
        attempt: q.attempt,
      },
      signal,
    ),
  /** Where the log is as a text: as printed, or drawn with colours or without. */
  rawLog: (
    job: number,
    attempt: number,
    {
      form = 'raw',
      download = false,
    }: { form?: 'raw' | 'ansi' | 'plain'; download?: boolean } = {},
  ) => {
    const params = new URLSearchParams({ attempt: String(attempt) });
    if (form !== 'raw') params.set('form', form);
    if (download) params.set('download', '1');
    return `/v3/job/${job}/log.txt?${params.toString()}`;
  },
  requests: (repo: RepoId, q: { limit?: number; offset?: number } = {}) =>
    get<t.Requests>(`/v3/repo/${part(repo)}/requests`, q),
  trigger: (repo: RepoId, body: t.NewRequest) =>
    post<t.PendingRequest>(`/v3/repo/${part(repo)}/requests`, body),
  previewRequest: (repo: RepoId, body: t.NewRequest, signal?: AbortSignal) =>
    call<t.RequestPreview>('POST', `/v3/repo/${part(repo)}/request/preview`, {
      body,
      ...(signal && { signal }),
    }),
  request: (repo: RepoId, id: number) => get<t.Request>(`/v3/repo/${part(repo)}/request/${id}`),
  envVars: (repo: RepoId) => get<t.EnvVars>(`/v3/repo/${part(repo)}/env_vars`),
  setEnvVar: (repo: RepoId, body: t.NewEnvVar) =>
    post<t.EnvVar>(`/v3/repo/${part(repo)}/env_vars`, body),
  changeEnvVar: (repo: RepoId, id: number, body: t.ChangedEnvVar) =>
    patch<t.EnvVar>(`/v3/repo/${part(repo)}/env_var/${id}`, body),
  removeEnvVar: (repo: RepoId, id: number) => remove(`/v3/repo/${part(repo)}/env_var/${id}`),
  crons: (repo: RepoId) => get<t.Crons>(`/v3/repo/${part(repo)}/crons`, { limit: 100 }),
  setCron: (repo: RepoId, branch: string, body: t.NewCron) =>
    post<t.Cron>(`/v3/repo/${part(repo)}/branch/${part(branch)}/cron`, body),
  removeCron: (id: number) => remove(`/v3/cron/${id}`),
  keyPair: (repo: RepoId) => get<t.KeyPair>(`/v3/repo/${part(repo)}/key_pair`),
  addKeyPair: (repo: RepoId, body: t.NewKeyPair) =>
    post<t.KeyPair>(`/v3/repo/${part(repo)}/key_pair`, body),
  changeKeyPair: (repo: RepoId, body: t.NewKeyPair) =>
    patch<t.KeyPair>(`/v3/repo/${part(repo)}/key_pair`, body),
  removeKeyPair: (repo: RepoId) => remove(`/v3/repo/${part(repo)}/key_pair`),
  caches: (repo: RepoId, q: { branch?: string; match?: string } = {}) =>
    get<t.Caches>(`/v3/repo/${part(repo)}/caches`, q),
  deleteCaches: (repo: RepoId, q: { branch?: string; match?: string; name?: string } = {}) =>
    removeAnswered<t.Caches>(`/v3/repo/${part(repo)}/caches`, q),
  workers: () => get<t.Workers>('/v3/workers'),
  worker: (id: RepoId) => get<t.Worker>(`/v3/worker/${part(id)}`),
  changeWorker: (id: number, change: 'pause' | 'resume' | 'drain' | 'ban' | 'unban') =>
    post<t.Worker>(`/v3/worker/${id}/${change}`),
  knownAnswers: (id: number) => get<t.KnownAnswers>(`/v3/worker/${id}/known_answers`),
  patchWorker: (id: number, body: t.WorkerChange) => patch<t.Worker>(`/v3/worker/${id}`, body),
  setTier: (id: number, body: t.WorkerTierChange) => post<t.Worker>(`/v3/worker/${id}/tier`, body),
  removeWorker: (id: number) => remove(`/v3/worker/${id}`),
  workerHistory: (id: number, q: { limit?: number; offset?: number } = {}) =>
    get<t.WorkerHistory>(`/v3/worker/${id}/history`, q),
  workerHours: (id: number) => get<t.WorkerHours>(`/v3/worker/${id}/hours`),
  fleet: () => get<t.Fleet>('/v3/fleet'),
  ownerWorkers: (login: string) => get<t.OwnerWorkers>(`/v3/owner/${part(login)}/workers`),
  enrolmentToken: (body: t.NewEnrolment = {}) =>
    post<t.EnrolmentToken>('/v3/workers/enrolment_token', body),
  enrolment: (id: number) => get<t.Enrolment>(`/v3/enrolment/${id}`),
  changeEnrolment: (id: number, body: t.EnrolmentChange) =>
    patch<t.Enrolment>(`/v3/enrolment/${id}`, body),
  revokeEnrolment: (id: number) => remove(`/v3/enrolment/${id}`),
  downloads: () => get<t.Downloads>('/v3/downloads'),
  tokens: () => get<t.ApiTokens>('/v3/tokens'),
  makeToken: (body: t.NewToken) => post<t.ApiToken>('/v3/tokens', body),
  removeToken: (id: number) => remove(`/v3/token/${id}`),
  signOut: () => post<undefined>('/sign-out'),

  admin: () => get<t.Admin>('/v3/admin'),
  adminUsers: (q: { limit?: number; offset?: number } = {}) =>
    get<t.AdminUsers>('/v3/admin/users', q),
  changeUser: (id: number, body: t.AdminUserChange) =>
    patch<t.AdminUser>(`/v3/admin/user/${id}`, body),
  auditLog: (q: { limit?: number; offset?: number } = {}) => get<t.AuditLog>('/v3/admin/audit', q),

  // People, forges and set-up.
  sync: () => post<t.CurrentUser>('/v3/user/sync'),
  sessions: () => get<t.Sessions>('/v3/user/sessions'),
  endSession: (id: number) => remove(`/v3/user/session/${id}`),
  endOtherSessions: () => remove('/v3/user/sessions'),
  forges: () => get<t.Forges>('/v3/forges'),
  setup: () => get<t.Setup>('/v3/setup'),
  manifest: (body: t.NewApp) => post<t.AppForm>('/v3/setup/manifest', body),
  addForge: (body: t.NewForge) => post<t.Forge>('/v3/setup/forge', body),
  removeForge: (id: number) => remove(`/v3/setup/forge/${id}`),
  owners: () => get<t.Owners>('/v3/owners'),
  star: (repo: RepoId) => post<t.Repository>(`/v3/repo/${part(repo)}/star`),
  unstar: (repo: RepoId) => post<t.Repository>(`/v3/repo/${part(repo)}/unstar`),

  // Pull requests, deliveries, settings of a repository, badges.
  pullRequests: (repo: RepoId, q: { limit?: number; offset?: number } = {}) =>
    get<t.PullRequests>(`/v3/repo/${part(repo)}/pull_requests`, q),
  approve: (repo: RepoId, request: number, secrets: boolean) =>
    post<t.Request>(`/v3/repo/${part(repo)}/request/${request}/approve`, { secrets }),
  deliveries: (repo: RepoId, q: { limit?: number; offset?: number } = {}) =>
    get<t.Deliveries>(`/v3/repo/${part(repo)}/deliveries`, q),
  delivery: (repo: RepoId, id: number) => get<t.Delivery>(`/v3/repo/${part(repo)}/delivery/${id}`),
  redeliver: (repo: RepoId, id: number) =>
    post<t.Delivery>(`/v3/repo/${part(repo)}/delivery/${id}/redeliver`),
  settings: (repo: RepoId) => get<t.Settings>(`/v3/repo/${part(repo)}/settings`),
  setSetting: <N extends t.SettingName>(repo: RepoId, name: N, value: t.SettingValues[N]) =>
    patch<t.Setting>(`/v3/repo/${part(repo)}/setting/${name}`, { value }),
  badges: (repo: RepoId) => get<t.Badges>(`/v3/repo/${part(repo)}/badges`),
};
