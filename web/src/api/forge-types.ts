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
