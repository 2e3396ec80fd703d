/** What forges are called. */
const LABELS: Record<string, string> = {
  github: 'GitHub',
  gitea: 'Gitea',
  forgejo: 'Forgejo',
  gitlab: 'GitLab',
  git: 'git',
};

/** `github` → `GitHub`; one at an address of its own is told apart by its host. */
export function forgeLabel(forge: { kind: string; name?: string; web_url?: string }): string {
  return LABELS[forge.kind] ?? forge.name ?? forge.kind;
}

/** The host of an address, for telling two forges of one kind apart. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
