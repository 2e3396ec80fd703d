/** Words and addresses around signing in. All pure. */

/**
 * Where to go after signing in: an address of this app, or its home. What another site could have
 * put there (`//elsewhere`, `/\elsewhere`, control characters) is not taken.
 */
export function safeNext(next: string | null | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next)) return '/';
  if (/[\u0000-\u001f\u007f]/.test(next)) return '/';
  return next;
}

/** The page for signing in, which leads back to where the reader is. */
export function signInAddress(path: string, search = ''): string {
  const next = safeNext(path + search);
  if (next === '/' || /^\/sign-in(\/|\?|$)/.test(next)) return '/sign-in';
  return `/sign-in?next=${encodeURIComponent(next)}`;
}

/** The forge's door, with the way back. */
export function doorAddress(signInUrl: string, next: string): string {
  return next === '/' ? signInUrl : `${signInUrl}?next=${encodeURIComponent(next)}`;
}

export interface Trouble {
  text: string;
  next: string;
}

/** Why signing in did not work, and what to do. */
export function signInTrouble(code: string): Trouble {
  switch (code) {
    case 'state':
      return {
        text: 'The way back from the forge did not fit this browser.',
        next: 'It took longer than ten minutes, or began in another window. Begin again here.',
      };
    case 'denied':
      return {
        text: 'The forge was told not to let this server in.',
        next: 'Nothing was changed. Sign in again and agree there, or look around without an account.',
      };
    case 'forge':
      return {
        text: 'The forge did not answer as it should.',
        next: 'Try again in a minute. If it stays so, the operator finds the reason in the log.',
      };
    case 'not_allowed':
      return {
        text: 'This account may not sign in here.',
        next: 'The operator chooses who may. Ask them to add your login, or use another account.',
      };
    default:
      return { text: 'Signing in did not work.', next: 'Try again.' };
  }
}

/** What the forge is asked for, and why. */
export function askedFor(forge: { kind: string; label: string; app: boolean }): string {
  if (forge.app) {
    return (
      `${forge.label} tells us your name, your e-mail address and your organisations. Code is ` +
      'read and results are set only where the app is installed. Never private code, until you ' +
      'switch on a private repository.'
    );
  }
  const rights =
    forge.kind === 'github'
      ? 'and to your repositories, since hooks and commit statuses can’t be had with less'
      : 'and to your repositories, to make hooks and to set commit statuses';
  return (
    `We ask ${forge.label} for your name, your e-mail address and your organisations, ${rights}. ` +
    'Private code is not read, until you switch on a private repository.'
  );
}

/** `Firefox on Linux`, out of what a browser says of itself. */
export function browserName(userAgent: string | null): string {
  const text = userAgent ?? '';
  const browsers: [RegExp, string][] = [
    [/\bEdgA?\//, 'Edge'],
    [/\bOPR\//, 'Opera'],
    [/\bFirefox\//, 'Firefox'],
    [/\bChrom(e|ium)\//, 'Chrome'],
    [/\bSafari\//, 'Safari'],
    [/^travis\b/, 'The command line'],
    [/^curl\b/, 'curl'],
  ];
  const systems: [RegExp, string][] = [
    [/\bAndroid\b/, 'Android'],
    [/\b(iPhone|iPad)\b/, 'iOS'],
    [/\bWindows\b/, 'Windows'],
    [/\bMac OS X\b/, 'macOS'],
    [/\bLinux\b/, 'Linux'],
  ];
  const find = (table: [RegExp, string][]): string | undefined =>
    table.find(([pattern]) => pattern.test(text))?.[1];
  const browser = find(browsers);
  const system = find(systems);
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? 'A browser';
}
