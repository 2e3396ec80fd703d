import type { ForgeOwner, Identity, Repository } from '../../api/types';
import { ago, count } from '../../lib/time';

/** How far reading one's repositories is, in words. */
export function syncLine(identity: Identity, label: string, now: number): string {
  if (identity.is_syncing) {
    if (identity.sync_total !== null && identity.sync_total > 0) {
      return `Reading from ${label}: ${count(identity.sync_done)} of ${count(identity.sync_total)} repositories`;
    }
    return identity.sync_done > 0
      ? `Reading from ${label}: ${count(identity.sync_done)} repositories so far`
      : `Reading from ${label}`;
  }
  return identity.synced_at
    ? `Read from ${label} ${ago(identity.synced_at, now)}`
    : `Not yet read from ${label}`;
}

/** Done of all in per cent; nothing while the whole is not known. */
export function syncShare(identity: Identity): number | null {
  if (!identity.is_syncing || !identity.sync_total) return null;
  return Math.min(100, Math.floor((100 * identity.sync_done) / identity.sync_total));
}

/** One's own account first, then organisations by name. */
export function sortOwners(owners: readonly ForgeOwner[]): ForgeOwner[] {
  return [...owners].sort(
    (a, b) =>
      Number(a.organization) - Number(b.organization) ||
      a.login.localeCompare(b.login) ||
      a.forge.id - b.forge.id,
  );
}

/** A page of a list that may have moved since: what is known already is not shown twice. */
export function append(known: readonly Repository[], more: readonly Repository[]): Repository[] {
  const seen = new Set(known.map((repo) => repo.id));
  return [...known, ...more.filter((repo) => !seen.has(repo.id))];
}

/** The first page read anew, before what was read after it. */
export function renew(known: readonly Repository[], first: readonly Repository[]): Repository[] {
  return append(first, known.slice(first.length));
}

/** Why the reader can't move a switch; empty when they can. */
export function switchBarrier(repo: Repository): string {
  if (repo.gone) return `It is gone from ${repo.forge?.name ?? 'its forge'}`;
  const may = repo['@permissions'].activate ?? repo['@permissions'].admin;
  return may ? '' : 'Its administrators can switch it on';
}
