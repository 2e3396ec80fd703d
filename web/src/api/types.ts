/**
 * The wire types, by the names they have in the server. Everything else imports them from here,
 * so that a change of their source touches one file.
 */

export interface Head {
  '@type': string;
  '@href': string;
  '@representation': string;
}
export interface PageLink {
  '@href': string;
  offset: number;
  limit: number;
}
export interface Pagination {
  limit: number;
  offset: number;
  count: number;
  is_first: boolean;
  is_last: boolean;
  next: PageLink | null;
  prev: PageLink | null;
  first: PageLink;
  last: PageLink;
}
export interface ErrorBody {
  '@type': string;
  error_type: string;
  error_message: string;
  resource_type?: string;
  permission?: string;
  held?: number;
  error_id?: string;
}

export interface User extends Head {
  id: number;
  login: string;
  name: string | null;
  admin: boolean;
}
export interface Owner extends Head {
  login: string;
}
export interface ApiToken extends Head {
  id: number;
  name: string;
  token?: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}
export interface ApiTokens extends Head {
  tokens: ApiToken[];
}
export interface NewToken {
  name: string;
  expires_in_days: number | null;
}
export interface EnrolmentToken {
  '@type': string;
  token: string;
  expires_at: string;
  command: string;
}

export interface BuildMinimal extends Head {
  id: number;
  number: string;
  state: string;
  duration: number | null;
  event_type: string;
  previous_state: string | null;
  started_at: string | null;
  finished_at: string | null;
  version: number;
}
export interface Person {
  name: string;
}
export interface Commit extends Head {
  id: number;
  sha: string;
  ref: string | null;
  message: string;
  author: Person;
  committer: Person;
  committed_at: string;
}
export interface RunPermissions {
  read: boolean;
  cancel: boolean;
  restart: boolean;
}
export interface Stage extends Head {
  id: number;
  number: number;
  name: string;
  state: string;
  started_at: string | null;
  finished_at: string | null;
}
export interface Stages extends Head {
  stages: Stage[];
}
export interface RepositoryMinimal extends Head {
  id: number;
  name: string;
  slug: string;
}
export interface BranchMinimal extends Head {
  name: string;
}
export interface Build extends Head {
  id: number;
  number: string;
  state: string;
  duration: number | null;
  event_type: string;
  previous_state: string | null;
  started_at: string | null;
  finished_at: string | null;
  created_at: string;
  updated_at: string;
  version: number;
  private: boolean;
  message: string;
  repository: RepositoryMinimal;
  branch: BranchMinimal;
  tag: string | null;
  commit: Commit;
  created_by: Owner | null;
  usual_seconds: number | null;
  config_messages: number;
  stages: Stage[];
  jobs?: Job[];
  '@permissions': RunPermissions;
}
export interface Builds extends Head {
  '@pagination': Pagination;
  builds: Build[];
}
export interface Waiting {
  code: string;
  text: string;
}
export interface WorkerMinimal extends Head {
  id: number;
  name: string;
  owner: Owner;
}
export interface Attempt extends Head {
  id: number;
  number: number;
  state: string;
  outcome: string | null;
  exit_code: number | null;
  reason: string | null;
  executor: string;
  worker: WorkerMinimal;
  leased_at: string;
  started_at: string | null;
  finished_at: string | null;
  log_length: number | null;
  log_sha256: string | null;
  log_complete: boolean;
}
export interface Job extends Head {
  id: number;
  number: string;
  state: string;
  name: string;
  env: string;
  os: string;
  arch: string;
  allow_failure: boolean;
  stage: Stage;
  build: BuildMinimal;
  repository: RepositoryMinimal;
  waiting: Waiting | null;
  reason: string | null;
  created_at: string;
  queued_at: string | null;
  received_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  restarted_at: string | null;
  updated_at: string;
  version: number;
  usual_seconds: number | null;
  attempt: Attempt | null;
  attempts?: Attempt[];
  config?: unknown;
  '@permissions': RunPermissions;
}
export interface Jobs extends Head {
  '@pagination'?: Pagination;
  jobs: Job[];
}
export interface JobMinimal extends Head {
  id: number;
  number: string;
  state: string;
}
export interface PendingChange {
  '@type': string;
  resource_type: string;
  state_change: string;
  build?: BuildMinimal;
  job?: JobMinimal;
}
export interface ConfigMessage {
  level: string;
  key: string;
  code: string;
  args: unknown;
  line: number | null;
  column: number | null;
  text: string;
}
export interface BuildConfig extends Head {
  raw: string | null;
  config: unknown;
  messages: ConfigMessage[];
}

export interface RepositoryPermissions {
  read: boolean;
  create_request: boolean;
  admin: boolean;
}
export interface Repository extends Head {
  id: number;
  name: string;
  slug: string;
  description: string | null;
  clone_url: string;
  vcs_type: string;
  active: boolean;
  private: boolean;
  owner: Owner;
  owner_name: string;
  default_branch: BranchMinimal | null;
  current_build: BuildMinimal | null;
  usual_seconds: number | null;
  poll_seconds: number | null;
  '@permissions': RepositoryPermissions;
  created_at: string;
}
export interface Repositories extends Head {
  '@pagination': Pagination;
  repositories: Repository[];
}
export interface NewRepository {
  slug: string;
  clone_url: string;
  description: string | null;
  private: boolean;
  poll_seconds: number | null;
}
export interface PingAddress {
  '@type': string;
  url: string;
  secret: string;
  example: string;
}
export interface Branch extends Head {
  name: string;
  repository: RepositoryMinimal;
  default_branch: boolean;
  last_build: Build | null;
  recent_builds: BuildMinimal[];
}
export interface Branches extends Head {
  '@pagination': Pagination;
  branches: Branch[];
}
export interface NewRequest {
  branch?: string;
  sha?: string;
  message?: string;
}
export interface Request extends Head {
  id: number;
  state: string;
  result: string | null;
  message: string | null;
  event_type: string;
  branch_name: string | null;
  sha: string | null;
  repository: RepositoryMinimal;
  builds: BuildMinimal[];
  created_at: string;
}
export interface Requests extends Head {
  '@pagination': Pagination;
  requests: Request[];
}
export interface PendingRequest {
  '@type': string;
  resource_type: string;
  repository: RepositoryMinimal;
  request: Request;
}
export interface EnvVar extends Head {
  id: number;
  name: string;
  value: string | null;
  public: boolean;
  branch: string | null;
}
export interface EnvVars extends Head {
  env_vars: EnvVar[];
}
export interface NewEnvVar {
  name: string;
  value: string;
  public: boolean;
  branch: string | null;
}

export interface LogLines extends Head {
  attempt: number;
  first: number;
  lines: string[];
  total: number;
  complete: boolean;
  next_offset: number;
}
export interface LogFold {
  name: string;
  first: number;
  last: number | null;
  duration_ns: number | null;
}
export interface LogTime {
  line: number;
  start_ns: number | null;
  duration_ns: number | null;
  event: string | null;
}
export interface LogIndex extends Head {
  attempt: number;
  length: number;
  lines: number;
  complete: boolean;
  folds: LogFold[];
  times: LogTime[];
  first_red: number | null;
}
export interface LogSearch extends Head {
  attempt: number;
  total: number;
  lines: number[];
  truncated: boolean;
}

export interface Facts {
  os: string;
  arch: string;
  cores: number;
  memory_bytes: number;
  disk_free_bytes: number;
  executors: string[];
  executor: string;
  limits: string[];
  distribution: string;
  version: string;
}
export interface RunningAttempt {
  attempt: number;
  job: JobMinimal;
  repository: RepositoryMinimal;
  leased_at: string;
}
export interface WorkerPermissions {
  admin: boolean;
}
export interface Worker extends Head {
  id: number;
  name: string;
  owner: Owner;
  state: string;
  os: string;
  arch: string;
  executor: string;
  slots: number;
  running: RunningAttempt[];
  facts: Facts;
  finished_jobs: number;
  created_at: string;
  last_seen_at: string | null;
  '@permissions': WorkerPermissions;
}
export interface Workers extends Head {
  slots: number;
  busy: number;
  queued: number;
  workers: Worker[];
}

export type ClientMessage =
  | { type: 'subscribe'; topics: string[] }
  | { type: 'unsubscribe'; topics: string[] }
  | { type: 'ping' };
export type ServerMessage =
  | { type: 'hello'; epoch: string }
  | { type: 'subscribed'; topic: string; seq: number }
  | { type: 'refused'; topic: string; reason: string }
  | { type: 'event'; topic: string; seq: number; event: string; data?: unknown }
  | { type: 'gap'; topic: string; seq: number }
  | { type: 'log_end'; attempt: number; length: number }
  | { type: 'pong' };

/** What the server writes into the page. */
export interface Boot {
  user: User | null;
  repos: Repositories | null;
  allow_local_git: boolean;
}
