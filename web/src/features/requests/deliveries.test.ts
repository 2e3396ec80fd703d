import { describe, expect, it } from 'vitest';
import { eventName, outcomeOf, prettyPayload } from './deliveries';
import type { Delivery } from '../../api/types';

const one = (over: Partial<Delivery>): Pick<Delivery, 'state' | 'outcome' | 'request'> => ({
  state: 'done',
  outcome: null,
  request: null,
  ...over,
});

const made = (state: string) => ({ id: 1, state }) as Delivery['request'];

describe('outcomeOf', () => {
  it('tells a refused message from one of which nothing was to come', () => {
    expect(outcomeOf(one({ state: 'failed', outcome: 'the signature does not match' }))).toEqual({
      shape: 'failed',
      word: 'Refused:',
      text: 'the signature does not match.',
    });
    expect(outcomeOf(one({ outcome: 'Labels make no builds.' }))).toEqual({
      shape: 'canceled',
      word: 'Nothing to do:',
      text: 'labels make no builds.',
    });
  });

  it('says what came of it', () => {
    expect(outcomeOf(one({ request: made('accepted') })).word).toBe('Taken:');
    expect(outcomeOf(one({ request: made('rejected') })).word).toBe('No build:');
    expect(outcomeOf(one({ state: 'pending' })).word).toBe('Being read');
    expect(outcomeOf(one({ state: 'pending', outcome: 'Is tried again: no answer' })).text).toBe(
      'is tried again: no answer.',
    );
  });

  it('keeps the capitals of abbreviations', () => {
    expect(outcomeOf(one({ outcome: 'API calls are at an end' })).text).toBe(
      'API calls are at an end.',
    );
  });
});

it('names the event', () => {
  expect(eventName({ event: 'push', action: null })).toBe('push');
  expect(eventName({ event: 'pull_request', action: 'review_requested' })).toBe(
    'pull_request, review requested',
  );
});

it('prints payloads', () => {
  expect(prettyPayload({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyPayload(null)).toBe('');
  expect(prettyPayload('not json')).toBe('not json');
});
