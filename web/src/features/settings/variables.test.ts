import { expect, test } from 'vitest';
import type { EnvVar } from '../../api/types';
import { changeOf } from './variables';

const secret = { name: 'TOKEN', value: null, public: false, branch: null } as EnvVar;
const shown = { name: 'LEVEL', value: 'debug', public: true, branch: 'main' } as EnvVar;
const of = (before: EnvVar, change: object): object =>
  changeOf(before, {
    name: before.name,
    value: before.value ?? '',
    public: before.public,
    branch: before.branch,
    ...change,
  });

test('a secret stays unless it is typed anew', () => {
  expect(of(secret, {})).toEqual({});
  expect(of(secret, { branch: 'main' })).toEqual({ branch: 'main' });
  expect(of(secret, { value: 'x', public: true })).toEqual({ value: 'x', public: true });
});

test('only what differs is sent', () => {
  expect(of(shown, {})).toEqual({});
  expect(of(shown, { value: '' })).toEqual({ value: '' });
  expect(of(shown, { public: false })).toEqual({ public: false });
  expect(of(shown, { name: 'LOG_LEVEL', branch: null })).toEqual({
    name: 'LOG_LEVEL',
    branch: null,
  });
});
