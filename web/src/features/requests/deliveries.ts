import type { Delivery } from '../../api/types';
import type { Shape } from '../../lib/states';

/** What became of a forge's message, in words. All pure. */

export interface DeliveryOutcome {
  shape: Shape;
  word: string;
  text: string;
}

/** The state's word with the server's reason. A message of which nothing was to come is no fault. */
export function outcomeOf(
  delivery: Pick<Delivery, 'state' | 'outcome' | 'request'>,
): DeliveryOutcome {
  const text = sentence(delivery.outcome ?? '');
  if (delivery.state === 'failed') {
    return { shape: 'failed', word: 'Refused:', text: text || 'No reason was kept.' };
  }
  if (delivery.state === 'pending') {
    return { shape: 'received', word: text ? 'Waits:' : 'Being read', text };
  }
  if (delivery.request) {
    return {
      shape: delivery.request.state === 'rejected' ? 'canceled' : 'passed',
      word: delivery.request.state === 'rejected' ? 'No build:' : 'Taken:',
      text: delivery.request.state === 'rejected' ? 'its request says why.' : 'it made a request.',
    };
  }
  return { shape: 'canceled', word: 'Nothing to do:', text: text || 'this makes no builds.' };
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const first = trimmed.charAt(0);
  // A name or an abbreviation at the front keeps its capital.
  const second = trimmed.charAt(1);
  const lower = second === second.toLowerCase() ? first.toLowerCase() : first;
  return lower + trimmed.slice(1) + (/[.?]$/.test(trimmed) ? '' : '.');
}

/** `push`; `pull_request, opened`. */
export function eventName(delivery: Pick<Delivery, 'event' | 'action'>): string {
  return delivery.event + (delivery.action ? `, ${delivery.action.replaceAll('_', ' ')}` : '');
}

/** JSON for reading; empty where nothing is kept. */
export function prettyPayload(payload: unknown): string {
  if (payload === null || payload === undefined || payload === '') return '';
  if (typeof payload === 'string') return payload;
  return JSON.stringify(payload, null, 2);
}
