import { expect, it } from 'vitest';
import { RowKeys } from './rowKeys';

const always = (): boolean => true;

it('lines that stay in view keep their rows', () => {
  const keys = new RowKeys();
  const first = keys.assign([0, 1, 2, 3], always);
  const next = keys.assign([2, 3, 4, 5], always);
  expect(next.slice(0, 2)).toEqual(first.slice(2));
  expect(new Set([...first, ...next]).size).toBe(6);
});

it('rows take new lines in their order when no line stays', () => {
  const keys = new RowKeys();
  const first = keys.assign([0, 1, 2], always);
  expect(keys.assign([167, 168, 169], always)).toEqual(first);
  const more = keys.assign([500, 501, 502, 503], always);
  expect(more.slice(0, 3)).toEqual(first);
  expect(new Set(more).size).toBe(4);
});

it('rows that hold the focus or chosen text take no other line', () => {
  const keys = new RowKeys();
  const first = keys.assign([0, 1], always);
  const next = keys.assign([90, 91], () => false);
  expect(next.some((key) => first.includes(key))).toBe(false);
});
