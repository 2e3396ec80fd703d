/** What a text in the jump box may mean, and what fits it. All pure. */
import type { IconName } from '../../ui/icons';

export interface Item {
  key: string;
  text: string;
  /** What it is, or its key. */
  note: string;
  /** Shown by its shape; without one by an icon. */
  state?: string | null;
  icon?: IconName;
  /** Said of things that are found by other words, too. */
  also?: string;
  run: () => void;
}

export function wordsOf(text: string): string[] {
  return text.trim().toLowerCase().split(/\s+/).filter(Boolean);
}

/** Every word is somewhere in it. */
export function fits(words: readonly string[], one: string): boolean {
  const there = one.toLowerCase();
  return words.every((word) => there.includes(word));
}

export interface Numbered {
  /** What the repository is called by; empty for the one that is shown. */
  words: string[];
  build: string;
  /** Of the build's jobs, this one. */
  job: string | null;
}

/** `#12`, `12.3`, `beacon 12`, `ada/beacon#12.3`: a build or a job by its number. */
export function numbered(text: string): Numbered | null {
  const found = /^(?:(.*\S)(?:\s+#?|#)|#?)(\d{1,9})(?:\.(\d{1,5}))?$/.exec(text.trim());
  if (!found) return null;
  const [, words = '', build = '', job] = found;
  return { words: wordsOf(words), build, job: job === undefined ? null : `${build}.${job}` };
}

/** The best first: what begins with the words, then what has a word that does, then the rest. */
export function best(items: readonly Item[], words: readonly string[]): Item[] {
  if (words.length === 0) return [...items];
  const first = words.join(' ');
  const rank = ({ text }: Item): number => {
    const there = text.toLowerCase();
    if (there === first) return 0;
    if (there.startsWith(first)) return 1;
    return new RegExp(`(^|[^a-z0-9])${first.replace(/[^a-z0-9]/g, '\\$&')}`).test(there) ? 2 : 3;
  };
  return items
    .map((item, at) => ({ item, at, rank: rank(item) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ item }) => item);
}
