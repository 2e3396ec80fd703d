/** A text on its way to the page that checks it; kept when the page is loaded again. */
const KEY = 'travis-lint';

export function keepDraft(text: string): void {
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // It is lost on leaving, then.
  }
}

export function readDraft(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
