/** What stands behind `#` on the configuration page: `#L3-L7`, `#ci/common.yml:L3`, `#merged`. */

export interface Anchor {
  /** A file or another view; null is the first file. */
  view: string | null;
  /** First and last line, from 1. */
  lines: [number, number] | null;
}

const LINES = /^(?:(.+):)?L(\d{1,8})(?:-L(\d{1,8}))?$/;

export function readAnchor(hash: string): Anchor {
  let text = hash.replace(/^#/, '');
  try {
    text = decodeURIComponent(text);
  } catch {
    // It is read as it stands.
  }
  if (text === '') return { view: null, lines: null };
  const found = LINES.exec(text);
  if (!found) return { view: text, lines: null };
  const first = Number(found[2]);
  const last = Number(found[3] ?? first);
  if (first < 1) return { view: found[1] ?? null, lines: null };
  return { view: found[1] ?? null, lines: [Math.min(first, last), Math.max(first, last)] };
}

/** The reverse; empty for the top of the first file. */
export function writeAnchor({ view, lines }: Anchor): string {
  const file =
    view === null ? '' : encodeURIComponent(view).replace(/%(2F|3A|40)/g, decodeURIComponent);
  if (!lines) return file === '' ? '' : `#${file}`;
  const [first, last] = lines;
  const range = first === last ? `L${first}` : `L${first}-L${last}`;
  return file === '' ? `#${range}` : `#${file}:${range}`;
}
