/**
 * The wire types, by the names they have in the server: aliases into `schema.ts`, which `make api`
 * generates from the server's OpenAPI document. Everything else imports them from here.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Head = Schemas['Head'];
export type PageLink = Schemas['PageLink'];
export type Pagination = Schemas['Pagination'];
export type ErrorBody = Schemas['ErrorBody'];
export type User = Schemas['User'];
export type CurrentUser = Schemas['CurrentUser'];
export type Admin = Schemas['Admin'];
export type AdminUser = Schemas['AdminUser'];
export type AdminUsers = Schemas['AdminUsers'];
export type AdminUserChange = Schemas['AdminUserChange'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditLog = Schemas['AuditLog'];
export type RequestPreview = Schemas['RequestPreview'];
export type Cron = Schemas['Cron'];
export type Crons = Schemas['Crons'];
export type NewCron = Schemas['NewCron'];
export type KeyPair = Schemas['KeyPair'];
export type NewKeyPair = Schemas['NewKeyPair'];
export type StatsSpread = Schemas['StatsSpread'];
export type RepositoryStats = Schemas['RepositoryStats'];
export type QueueStats = Schemas['QueueStats'];
export type FleetStats = Schemas['FleetStats'];
export type Cache = Schemas['Cache'];
export type Caches = Schemas['Caches'];
export type Identity = Schemas['Identity'];
export type Session = Schemas['Session'];
export type Sessions = Schemas['Sessions'];
export type Forge = Schemas['Forge'];
export type Forges = Schemas['Forges'];
export type ForgeMinimal = Schemas['ForgeMinimal'];
export type ForgeKind = Schemas['ForgeKind'];
export type ForgeOwner = Schemas['ForgeOwner'];
export type Owners = Schemas['Owners'];
export type Setup = Schemas['Setup'];
export type NewForge = Schemas['NewForge'];
export type NewApp = Schemas['NewApp'];
export type AppForm = Schemas['AppForm'];
export type Owner = Schemas['Owner'];
export type ApiToken = Schemas['ApiToken'];
export type ApiTokens = Schemas['ApiTokens'];
export type NewToken = Schemas['NewToken'];
export type EnrolmentToken = Schemas['EnrolmentToken'];
export type EnrolmentChange = NewEnrolment;
export type KnownAnswer = Schemas['KnownAnswer'];
export type KnownAnswers = Schemas['KnownAnswers'];
export type BuildMinimal = Schemas['BuildMinimal'];
export type Person = Schemas['Person'];
export type Commit = Schemas['Commit'];
export type RunPermissions = Schemas['RunPermissions'];
export type Stage = Schemas['Stage'];
export type Stages = Schemas['Stages'];
export type RepositoryMinimal = Schemas['RepositoryMinimal'];
export type BranchMinimal = Schemas['BranchMinimal'];
export type Build = Schemas['Build'];
export type BuildReport = Schemas['BuildReport'];
export type Builds = Schemas['Builds'];
export type Waiting = Schemas['Waiting'];
export type WorkerMinimal = Schemas['WorkerMinimal'];
export type Attempt = Schemas['Attempt'];
export type Artifact = Schemas['Artifact'];
export type Artifacts = Schemas['Artifacts'];
export type Test = Schemas['Test'];
export type TestCounts = Schemas['TestCounts'];
export type Tests = Schemas['Tests'];
/** A worker's word on a job, or the wait for one. */
export type Opinion = Schemas['Opinion'];
export type Job = Schemas['Job'];
export type Jobs = Schemas['Jobs'];
export type JobMinimal = Schemas['JobMinimal'];
export type PendingChange = Schemas['PendingChange'];
export type ConfigMessage = Schemas['ConfigMessage'];
export type BuildConfig = Schemas['BuildConfig'];
export type RawConfig = Schemas['RawConfig'];
export type ConfigEdit = Schemas['ConfigEdit'];
export type ConfigCounts = Schemas['ConfigCounts'];
export type Lint = Schemas['Lint'];
export type LintJob = Schemas['LintJob'];
export type RepositoryPermissions = Schemas['RepositoryPermissions'];
export type Repository = Schemas['Repository'];
export type Repositories = Schemas['Repositories'];
export type NewRepository = Schemas['NewRepository'];
export type PingAddress = Schemas['PingAddress'];
export type Branch = Schemas['Branch'];
export type Branches = Schemas['Branches'];
export type NewRequest = Schemas['NewRequest'];
export type Request = Schemas['Request'];
export type Requests = Schemas['Requests'];
export type Sender = Schemas['Sender'];
export type Approval = Schemas['Approval'];
export type PullRequestBrief = Schemas['PullRequestBrief'];
export type PullRequest = Schemas['PullRequest'];
export type PullRequests = Schemas['PullRequests'];
/** A message of a forge, as it came. */
export type Delivery = Omit<Schemas['Delivery'], 'headers' | 'payload'> & {
  headers?: Record<string, string>;
  payload?: unknown;
};
export type Deliveries = Omit<Schemas['Deliveries'], 'deliveries'> & { deliveries: Delivery[] };
export type Setting = Schemas['Setting'];
export type Settings = Schemas['Settings'];
/** Each switch of a repository and what it holds; on the wire a value may be of any kind. */
export interface SettingValues {
  build_pushes: boolean;
  build_pull_requests: boolean;
  auto_cancel_pushes: boolean;
  auto_cancel_pull_requests: boolean;
  builds_only_with_travis_yml: boolean;
  allow_config_imports: boolean;
  /** Jobs side by side; 0 sets no limit. */
  maximum_number_of_builds: number;
  approval: 'first_time' | 'forks' | 'never';
  /** The weakest isolation in which its jobs may run. */
  min_executor: 'any' | 'namespace' | 'container' | 'vm';
}
export type SettingName = keyof SettingValues;
export type Badges = Schemas['Badges'];
export type PendingRequest = Schemas['PendingRequest'];
export type EnvVar = Schemas['EnvVar'];
export type EnvVars = Schemas['EnvVars'];
export type NewEnvVar = Schemas['NewEnvVar'];
export type ChangedEnvVar = Schemas['ChangedEnvVar'];
export type LogLines = Schemas['LogLines'];
export type LogFold = Schemas['LogFold'];
export type LogTime = Schemas['LogTime'];
export type LogIndex = Schemas['LogIndex'];
export type LogSearch = Schemas['LogSearch'];
export type Facts = Schemas['Facts'];
export type RunningAttempt = Schemas['RunningAttempt'];
export type WorkerPermissions = Schemas['WorkerPermissions'];
export type Worker = Schemas['Worker'];
export type Workers = Schemas['Workers'];
export type WorkerRecord = Schemas['WorkerRecord'];
export type WorkerChange = { name?: string; lending?: Lending };
export type WorkerTierChange = Partial<Schemas['WorkerTierChange']>;
export type WorkerHistory = Schemas['WorkerHistory'];
export type WorkerDeed = Schemas['WorkerDeed'];
export type WorkerHours = Schemas['WorkerHours'];
export type SlotUse = Schemas['SlotUse'];
export type Presence = Schemas['Presence'];
/** What is left out of these has no limit, or stays as it is. */
export type LendingHours = Omit<Schemas['Hours'], 'zone'> & { zone?: string | null };
export type Lending = Partial<Omit<Schemas['Lending'], 'hours'>> & { hours?: LendingHours[] };
export type Egress = Schemas['Egress'];
export type OwnerWorkers = Schemas['OwnerWorkers'];
export type OwnerMonth = Schemas['OwnerMonth'];
export type Fleet = Schemas['Fleet'];
export type FleetPlatform = Schemas['FleetPlatform'];
export type FleetWait = Schemas['FleetWait'];
export type FleetJob = Schemas['FleetJob'];
export type NewEnrolment = { way?: string; name?: string; lending?: Lending };
export type Enrolment = Schemas['Enrolment'];
export type Enrolments = Schemas['Enrolments'];
export type JoinLines = Schemas['JoinLines'];
export type Download = Schemas['Download'];
export type Downloads = Schemas['Downloads'];
export type ClientMessage = Schemas['ClientMessage'];
export type ServerMessage = Schemas['ServerMessage'];

/** What the server writes into the page. */
export interface Boot {
  user: CurrentUser | null;
  repos: Repositories | null;
  allow_local_git: boolean;
  workers?: Workers | null;
  /** What the address names. */
  build?: Build | null;
  job?: Job | null;
  log?: { attempt: number; index: LogIndex; lines: LogLines | null };
}
