/** The app's addresses, typed. Patterns are tried in order; the first that fits wins. */

export const PATTERNS = {
  home: '/',
  active: '/active',
  workers: '/workers',
  workerNew: '/workers/new',
  worker: '/workers/:id#',
  person: '/people/:login',
  account: '/account',
  signIn: '/sign-in',
  add: '/add',
  setup: '/setup',
  lint: '/lint',
  admin: '/admin',
  owner: '/:login',
  repo: '/:owner/:name',
  builds: '/:owner/:name/builds',
  build: '/:owner/:name/builds/:id#',
  config: '/:owner/:name/builds/:id#/config',
  buildTests: '/:owner/:name/builds/:id#/tests',
  job: '/:owner/:name/jobs/:id#',
  jobTests: '/:owner/:name/jobs/:id#/tests',
  jobArtifacts: '/:owner/:name/jobs/:id#/artifacts',
  jobConfig: '/:owner/:name/jobs/:id#/config',
  jobAttempts: '/:owner/:name/jobs/:id#/attempts',
  branches: '/:owner/:name/branches',
  pulls: '/:owner/:name/pull_requests',
  requests: '/:owner/:name/requests',
  deliveries: '/:owner/:name/requests/deliveries',
  caches: '/:owner/:name/caches',
  settings: '/:owner/:name/settings',
  insights: '/:owner/:name/insights',
} as const;

export type RouteName = keyof typeof PATTERNS;

/** The names in a pattern: `:id#` is a number, everything else text. */
type Names<P extends string> = P extends `${infer A}/${infer B}`
  ? Names<A> | Names<B>
  : P extends `:${infer N}`
    ? N
    : never;
type Params<P extends string> = {
  [N in Names<P> as N extends `${infer Base}#` ? Base : N]: N extends `${string}#`
    ? number
    : string;
};

export type RouteParams<R extends RouteName> = Params<(typeof PATTERNS)[R]>;
export type Route =
  | { [R in RouteName]: { name: R; params: RouteParams<R> } }[RouteName]
  | { name: 'notFound'; params: Record<string, never> };

interface Compiled {
  name: RouteName;
  parts: string[];
}

const TABLE: Compiled[] = (Object.keys(PATTERNS) as RouteName[]).map((name) => ({
  name,
  parts: PATTERNS[name].split('/').filter(Boolean),
}));

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** Words that no owner may have, because pages stand there. */
const RESERVED = new Set([
  'active',
  'workers',
  'people',
  'account',
  'sign-in',
  'add',
  'setup',
  'lint',
  'admin',
  'auth',
  'hooks',
  'v3',
  'assets',
  'live',
  'join',
  'download',
]);

function fit(pattern: string[], parts: string[]): Record<string, string | number> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string | number> = {};
  for (const [at, want] of pattern.entries()) {
    const have = parts[at] ?? '';
    if (!want.startsWith(':')) {
      if (want !== have) return null;
    } else if (want.endsWith('#')) {
      if (!/^[1-9]\d{0,15}$/.test(have)) return null;
      params[want.slice(1, -1)] = Number(have);
    } else {
      const text = decode(have);
      if (text === null || text === '') return null;
      if (at === 0 && RESERVED.has(text)) return null;
      params[want.slice(1)] = text;
    }
  }
  return params;
}

export function match(path: string): Route {
  const parts = path.split('/').filter(Boolean);
  for (const { name, parts: pattern } of TABLE) {
    const params = fit(pattern, parts);
    if (params) return { name, params } as Route;
  }
  return { name: 'notFound', params: {} };
}

/** The address of a page. */
export function href<R extends RouteName>(
  name: R,
  ...rest: keyof RouteParams<R> extends never ? [] : [params: RouteParams<R>]
): string {
  const params = (rest[0] ?? {}) as Record<string, string | number>;
  const parts = PATTERNS[name]
    .split('/')
    .filter(Boolean)
    .map((part) =>
      part.startsWith(':')
        ? encodeURIComponent(String(params[part.slice(1).replace('#', '')] ?? ''))
        : part,
    );
  return `/${parts.join('/')}`;
}

/** `owner/name` in parts. */
export function slugParts(slug: string): { owner: string; name: string } {
  const cut = slug.indexOf('/');
  return { owner: slug.slice(0, cut), name: slug.slice(cut + 1) };
}

/** Whether a click on this address stays in the app. */
export function isAppPath(path: string): boolean {
  if (
    /^\/(v3|assets|live|health|auth|hooks|join|download|setup\/app|openapi\.json)(\/|$)/.test(path)
  )
    return false;
  if (/^\/sign-in\/./.test(path)) return false;
  return !/\.(svg|txt|json)$/.test(path);
}
