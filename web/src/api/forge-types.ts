/**
 * Wire types of forges, people, set-up and switches, as the contract names them. To be replaced by
 * aliases of generated types once the server's document has them.
 */
import type { components } from './schema';

type Schemas = components['schemas'];
type Head = Schemas['Head'];

// People and what they sign in with.

export type ForgeKind = 'github' | 'gitea' | 'gitlab' | 'git';

/** A forge inside something else. */
export interface ForgeMinimal {
  id: number;
  kind: string;
  name: string;
  web_url: string;
}

/** Who a person is on a forge. */
export interface Identity {
  '@type': 'identity';
  id?: number;
  forge: ForgeMinimal;
  login: string;
  name: string | null;
  avatar_url: string | null;
  is_syncing: boolean;
  synced_at: string | null;
  /** Repositories read so far in this run. */
  sync_done: number;
  /** Repositories in all, once the forge has said so. */
  sync_total: number | null;
  sync_error: string | null;
  /** The forge still lets this server read in the person's name. */
  access: boolean;
}

/** The signed-in person. */
export type Me = Schemas['User'] & {
  identities: Identity[];
  avatar_url: string | null;
  is_syncing: boolean;
  synced_at: string | null;
};

/** A browser that is signed in. */
export interface Session {
  '@type': 'session';
  id: number;
  user_agent: string | null;
  current: boolean;
  created_at: string;
  last_seen_at: string | null;
  expires_at: string;
}
export interface Sessions {
  sessions: Session[];
}

/** What a token may do: each word holds the ones before it. */
export type TokenScope = 'read' | 'build' | 'settings' | 'all';
export type ScopedToken = Schemas['ApiToken'] & { scope?: TokenScope };
export type ScopedTokens = Head & { tokens: ScopedToken[] };
export type NewScopedToken = Schemas['NewToken'] & { scope?: TokenScope };

// Forges and set-up.

export interface Forge {
  '@type': 'forge';
  id: number;
  kind: string;
  name: string;
  /** What people call it: `GitHub`. */
  label: string;
  web_url: string;
  sign_in_url: string | null;
  /** It is connected by an App, which brings its own hook. */
  app: boolean;
  install_url: string | null;
  /** Stands in the configuration and can't be changed here. */
  configured: boolean;
  hook_url?: string | null;
}
export interface Forges {
  forges: Forge[];
}

export interface SetupKind {
  kind: string;
  label: string;
  default_web_url: string | null;
  /** An App can be made in one click. */
  manifest: boolean;
}
export interface Setup {
  '@type': 'setup';
  public_url: string;
  kinds: SetupKind[];
  forges: Forge[];
  first_steps: {
    forge: boolean;
    signed_in: boolean;
    repository: boolean;
    worker: boolean;
    build: boolean;
  };
  /** Patterns; an empty list lets everybody in. */
  access: { sign_in: string[]; owners: string[] };
  /** Where the next forge will send people back to, if the server can say. */
  next_callback_url?: string | null;
}
export interface ManifestDemand {
  kind: string;
  web_url?: string;
  organization?: string;
}
export interface ManifestForm {
  '@type': 'manifest_form';
  action: string;
  /** JSON, for the form's field of this name. */
  manifest: string;
}
export interface NewForge {
  kind: string;
  name?: string;
  web_url: string;
  client_id: string;
  client_secret: string;
}

// Repositories.

/** What a repository says besides, since it may lie on a forge. */
export interface OnForge {
  starred?: boolean;
  forge?: ForgeMinimal | null;
  html_url?: string | null;
  fork?: boolean;
  managed_by_installation?: boolean;
  gone?: boolean;
}
export interface ForgePermissions {
  build?: boolean;
  settings?: boolean;
  activate?: boolean;
  star?: boolean;
}

/** An account whose repositories the reader may see. */
export interface ForgeOwner {
  '@type': 'owner';
  login: string;
  name: string | null;
  avatar_url: string | null;
  organization: boolean;
  forge: ForgeMinimal;
  /** Whether the forge's App is installed there; nothing without an App. */
  installed: boolean | null;
}
export interface ForgeOwners {
  owners: ForgeOwner[];
}

// Pull requests, requests, deliveries, settings, badges.

/** What a build or a request is about, when somebody proposes a change. */
export interface PullRequestInfo {
  number: number;
  title: string;
  /** The commit proposed: an approval holds for this one only. */
  head_sha: string;
  head_branch: string;
  /** `owner/name` of where it lies; nothing when that is gone. */
  head_slug: string | null;
  fork: boolean;
  draft: boolean;
  author_login: string;
  html_url: string | null;
}
export interface Sender {
  login: string;
  avatar_url: string | null;
}
export interface Approval {
  secrets: boolean;
  user: { login: string };
  created_at: string;
}
/** What a build's list entry says besides, when a pull request made it. */
export interface OnPullMinimal {
  pull_request_number?: number | null;
  pull_request_title?: string | null;
  pull_request?: PullRequestInfo | null;
}
/** What the forge was told of a build. */
export interface Reported {
  state: 'told' | 'waiting' | 'failed' | 'none';
  context: string;
  description: string;
  error: string | null;
  told_at: string | null;
  next_try_at: string | null;
}
export interface OnPull extends OnPullMinimal {
  sender?: Sender | null;
  compare_url?: string | null;
  secrets?: 'given' | 'withheld' | 'none';
  reported?: Reported | null;
}
/** What a request says besides, since it may have come from a forge. */
export interface FromForge {
  tag?: string | null;
  pull_request?: PullRequestInfo | null;
  sender?: Sender | null;
  compare_url?: string | null;
  /** It waits for a maintainer's word since then. */
  held_at?: string | null;
  held_reason?: string | null;
  delivery_id?: number | null;
  approvals?: Approval[];
}

export interface RecentBuild {
  id: number;
  number: string;
  state: string;
  duration: number | null;
}
export interface PullRequest extends Omit<PullRequestInfo, 'head_sha'> {
  '@type': 'pull_request';
  head_sha?: string;
  open?: boolean | null;
  last_build: (Schemas['BuildMinimal'] & OnPull) | null;
  waiting_request: (Schemas['Request'] & FromForge) | null;
  recent_builds: RecentBuild[];
}
export type PullRequests = Head & {
  '@pagination': Schemas['Pagination'];
  pull_requests: PullRequest[];
};

/** A message of a forge, as it came. */
export interface Delivery {
  '@type': 'delivery';
  id: number;
  guid: string | null;
  event: string;
  action: string | null;
  state: 'pending' | 'done' | 'failed';
  outcome: string | null;
  request: { id: number; state: string } | null;
  received_at: string;
  done_at: string | null;
  tries: number;
  headers?: Record<string, string>;
  payload?: unknown;
}
export type Deliveries = Head & {
  '@pagination': Schemas['Pagination'];
  deliveries: Delivery[];
};

/** Each switch of a repository and what it holds. */
export interface SettingValues {
  build_pushes: boolean;
  build_pull_requests: boolean;
  auto_cancel_pushes: boolean;
  auto_cancel_pull_requests: boolean;
  builds_only_with_travis_yml: boolean;
  /** Jobs side by side; 0 sets no limit. */
  maximum_number_of_builds: number;
  approval: 'first_time' | 'forks' | 'never';
}
export type SettingName = keyof SettingValues;
export interface Setting {
  '@type': 'setting';
  name: string;
  value: boolean | number | string | null;
}
export interface SettingList {
  settings: Setting[];
}

export interface Badges {
  image_url: string;
  badges: { format: string; text: string }[];
}
