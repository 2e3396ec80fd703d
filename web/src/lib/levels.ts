import type { ConfigCounts, ConfigMessage } from '../api/types';
import { plural } from './time';

/** How grave messages about a configuration are, and their words. */

export type MessageLevel = 'alert' | 'error' | 'warn' | 'info';

/** The gravest first. */
export const LEVELS: MessageLevel[] = ['alert', 'error', 'warn', 'info'];

export const LEVEL_WORDS: Record<MessageLevel, { one: string; many: string }> = {
  alert: { one: 'alert', many: 'alerts' },
  error: { one: 'error', many: 'errors' },
  warn: { one: 'warning', many: 'warnings' },
  info: { one: 'hint', many: 'hints' },
};

export function levelOf(message: { level: string }): MessageLevel {
  return LEVELS.find((level) => level === message.level) ?? 'info';
}

/** The gravest of some messages. */
export function gravest(messages: ConfigMessage[]): MessageLevel | null {
  return LEVELS.find((level) => messages.some((one) => levelOf(one) === level)) ?? null;
}

export function countOf(messages: ConfigMessage[]): Record<MessageLevel, number> {
  const counts = { alert: 0, error: 0, warn: 0, info: 0 };
  for (const message of messages) counts[levelOf(message)]++;
  return counts;
}

/** `1 error, 2 warnings` of what is worth a look; hints are not. Empty when there is none. */
export function summary(counts: ConfigCounts | undefined): string {
  if (!counts) return '';
  return LEVELS.filter((level) => level !== 'info' && counts[level] > 0)
    .map((level) => plural(counts[level], LEVEL_WORDS[level].one, LEVEL_WORDS[level].many))
    .join(', ');
}
