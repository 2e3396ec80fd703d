/**
 * The wire types, by the names they have in the server: aliases into `schema.ts`, which `make api`
 * generates from the server's OpenAPI document. Everything else imports them from here.
 */
import type { components } from './schema';
import type { ForgePermissions, Me, OnForge } from './forge-types';

export type * from './forge-types';

type Schemas = components['schemas'];

export type Head = Schemas['Head'];
export type PageLink = Schemas['PageLink'];
export type Pagination = Schemas['Pagination'];
export type ErrorBody = Schemas['ErrorBody'];
export type User = Schemas['User'];
export type Owner = Schemas['Owner'];
export type ApiToken = Schemas['ApiToken'];
export type ApiTokens = Schemas['ApiTokens'];
export type NewToken = Schemas['NewToken'];
export type EnrolmentToken = Schemas['EnrolmentToken'];
export type BuildMinimal = Schemas['BuildMinimal'];
export type Person = Schemas['Person'];
export type Commit = Schemas['Commit'];
export type RunPermissions = Schemas['RunPermissions'];
export type Stage = Schemas['Stage'];
export type Stages = Schemas['Stages'];
export type RepositoryMinimal = Schemas['RepositoryMinimal'];
export type BranchMinimal = Schemas['BranchMinimal'];
export type Build = Schemas['Build'];
export type Builds = Schemas['Builds'];
export type Waiting = Schemas['Waiting'];
export type WorkerMinimal = Schemas['WorkerMinimal'];
export type Attempt = Schemas['Attempt'];
export type Job = Schemas['Job'];
export type Jobs = Schemas['Jobs'];
export type JobMinimal = Schemas['JobMinimal'];
export type PendingChange = Schemas['PendingChange'];
export type ConfigMessage = Schemas['ConfigMessage'];
export type BuildConfig = Schemas['BuildConfig'];
export type RepositoryPermissions = Schemas['RepositoryPermissions'] & ForgePermissions;
export type Repository = Schemas['Repository'] &
  OnForge & { '@permissions': RepositoryPermissions };
export type Repositories = Schemas['Repositories'] & { repositories: Repository[] };
export type NewRepository = Schemas['NewRepository'];
export type PingAddress = Schemas['PingAddress'];
export type Branch = Schemas['Branch'];
export type Branches = Schemas['Branches'];
export type NewRequest = Schemas['NewRequest'];
export type Request = Schemas['Request'];
export type Requests = Schemas['Requests'];
export type PendingRequest = Schemas['PendingRequest'];
export type EnvVar = Schemas['EnvVar'];
export type EnvVars = Schemas['EnvVars'];
export type NewEnvVar = Schemas['NewEnvVar'];
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
export type ClientMessage = Schemas['ClientMessage'];
export type ServerMessage = Schemas['ServerMessage'];

/** What the server writes into the page. */
export interface Boot {
  user: (User & Partial<Me>) | null;
  repos: Repositories | null;
  allow_local_git: boolean;
}
