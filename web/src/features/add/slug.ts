/** `owner/name` out of a clone URL; empty when it can't be told. */
export function slugFromUrl(url: string): string {
  const text = url
    .trim()
    .replace(/[/]+$/, '')
    .replace(/\.git$/, '');
  const scp = /^[\w.-]+@[\w.-]+:(.+)$/.exec(text);
  const path =
    scp?.[1] ??
    /^[a-z][a-z+]*:\/\/[^/]*(\/.*)$/i.exec(text)?.[1] ??
    (text.startsWith('/') ? text : '');
  const parts = path.split('/').filter(Boolean).map(clean).filter(Boolean);
  const name = parts.at(-1);
  if (!name) return '';
  return `${parts.at(-2) ?? 'local'}/${name}`;
}

function clean(part: string): string {
  return part.replace(/^~/, '').replace(/[^\w.-]+/g, '-');
}

/** What is wrong with a clone URL, and what to do; empty when nothing is. */
export function urlProblem(url: string, allowLocal: boolean): string {
  const text = url.trim();
  if (text === '') return 'Give the address that git clone takes';
  if (/\s/.test(text)) return 'No spaces in an address';
  if (/^https?:\/\/[^/@]*:[^/@]*@/.test(text))
    return 'No password in the address; it would be shown to readers';
  if (/^(https?|ssh):\/\/[^/]+\/.+/.test(text) || /^[\w.-]+@[\w.-]+:.+/.test(text)) return '';
  if (/^(\/|file:)/.test(text)) {
    return allowLocal ? '' : 'Local paths are not allowed here; the operator can allow them';
  }
  return 'Begin with https://, http:// or ssh://';
}

/** What is wrong with `owner/name`. */
export function slugProblem(slug: string): string {
  if (slug === '') return 'Give it a name: owner/name';
  if (!/^[^/]+\/[^/]+$/.test(slug)) return 'One slash: owner/name';
  if (!/^[\w.-]+\/[\w.-]+$/.test(slug))
    return `Letters, digits, dashes, dots: ${slug.replace(/[^\w./-]+/g, '-')}`;
  return '';
}
