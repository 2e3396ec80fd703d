import { expect, it } from 'vitest';
import { headName, heldFirst, heldWhy, isHeld, mayBuild, maySet, short } from './pulls';
import type { PullRequest, Repository, Request } from '../../api/types';

const request = (over: Partial<Request> = {}): Request =>
  ({ state: 'pending', held_at: '2026-11-23T04:00:00Z', held_reason: null, ...over }) as Request;
const pull = (number: number, waiting: Request | null): PullRequest =>
  ({ number, waiting_request: waiting }) as PullRequest;

it('puts those that wait for a person first and keeps the order else', () => {
  const list = [pull(1, null), pull(2, request()), pull(3, null), pull(4, request())];
  expect(heldFirst(list).map((one) => one.number)).toStrictEqual([2, 4, 1, 3]);
});

it('counts only a pending request with a time as held', () => {
  expect(isHeld(request())).toBe(true);
  expect(isHeld(request({ held_at: null }))).toBe(false);
  expect(isHeld(request({ state: 'rejected' }))).toBe(false);
  expect(isHeld(null)).toBe(false);
});

it('says why a request waits', () => {
  expect(heldWhy(request(), 'reedling')).toBe('first contribution by reedling');
  expect(heldWhy(request({ held_reason: 'first_time' }), 'reedling')).toBe(
    'first contribution by reedling',
  );
  expect(heldWhy(request({ held_reason: 'forks' }), 'reedling')).toContain('every pull request');
  expect(heldWhy(request({ held_reason: 'First contribution by reedling.' }), 'x')).toBe(
    'first contribution by reedling',
  );
  expect(
    heldWhy(
      request({
        held_reason:
          'Newt has not contributed here before: nothing of it runs until a maintainer approves this commit.',
      }),
      'Newt',
    ),
  ).toBe('Newt has not contributed here before');
});

it('names where a change comes from', () => {
  const from = (fork: boolean, head_slug: string | null): string =>
    headName({ fork, head_slug, head_branch: 'msrv' });
  expect(from(false, 'harborlight/beacon')).toBe('msrv');
  expect(from(true, 'bramble/beacon')).toBe('bramble:msrv');
  expect(from(true, null)).toBe('a deleted repository:msrv');
  expect(short('f02b7c41fe')).toBe('f02b7c4');
  expect(short(null)).toBe('');
});

it('falls back to the older permissions', () => {
  const repo = (permissions: object): Repository =>
    ({ '@permissions': permissions }) as unknown as Repository;
  expect(mayBuild(repo({ create_request: true, admin: false }))).toBe(true);
  expect(mayBuild(repo({ create_request: true, build: false }))).toBe(false);
  expect(maySet(repo({ admin: true }))).toBe(true);
  expect(maySet(repo({ admin: true, settings: false }))).toBe(false);
});
