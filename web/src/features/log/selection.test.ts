import { expect, it } from 'vitest';
import { FIRST_FAILURE, extended, parseHash, toHash, wantsFailure } from './selection';

it('reads and writes addresses of lines', () => {
  expect(toHash(parseHash('#L3-L9'))).toBe('#L3-L9');
  expect(toHash(parseHash('#L9-L3'))).toBe('#L3-L9');
  expect(toHash(parseHash('#L4'))).toBe('#L4');
  expect(toHash(null)).toBe('');
});

it('knows the address of the failing line', () => {
  expect(wantsFailure(FIRST_FAILURE)).toBe(true);
  expect(wantsFailure('#L1')).toBe(false);
  expect(parseHash(FIRST_FAILURE)).toBeNull();
});

it('makes a range longer and shorter at the end where the cursor is', () => {
  expect(extended({ from: 5, to: 5 }, 5, 8)).toEqual({ from: 5, to: 8 });
  expect(extended({ from: 5, to: 8 }, 8, 6)).toEqual({ from: 5, to: 6 });
  expect(extended({ from: 5, to: 8 }, 8, 2)).toEqual({ from: 2, to: 5 });
  expect(extended({ from: 2, to: 5 }, 2, 3)).toEqual({ from: 3, to: 5 });
});
