import type { Build, BuildReport } from '../../api/types';
import { ago, at, until } from '../../lib/time';

/** What the forge was told of a build, in one line; nothing where there is no forge to tell. */
export function reportedLine(
  reported: BuildReport | null | undefined,
  forge: string,
  now: number,
): { text: string; wrong: boolean; title: string } | null {
  if (!reported || reported.state === 'none') return null;
  const why = reported.error?.trim().replace(/\.$/, '') ?? '';
  const title = [reported.context, reported.description].filter(Boolean).join(': ');
  const next = at(reported.next_try_at);
  const again =
    next === null
      ? ''
      : next <= now
        ? ' Next try: now.'
        : ` Next try in ${until(reported.next_try_at, now)}.`;
  switch (reported.state) {
    case 'told':
      return {
        text: `Told to ${forge}${reported.told_at ? ` ${ago(reported.told_at, now)}` : ''}`,
        wrong: false,
        title,
      };
    case 'waiting':
      return {
        text: `${forge} is told soon${why ? `: ${why}` : ''}.${again}`,
        wrong: false,
        title,
      };
    default:
      return {
        text: `${forge} could not be told${why ? `: ${why}` : ''}.${again}`,
        wrong: true,
        title,
      };
  }
}

/** Who caused a build, as the forge says; else who asked, else who wrote the commit. */
export function whoOf(build: Pick<Build, 'sender' | 'created_by' | 'commit'>): string {
  return build.sender?.login ?? build.created_by?.login ?? build.commit.author.name;
}

const DID: Record<string, string> = {
  push: 'pushed',
  pull_request: 'proposed',
  api: 'asked for',
  cron: 'is due to build',
};

/** What that person did with the commit. */
export const didOf = (event: string): string => DID[event] ?? 'built';
