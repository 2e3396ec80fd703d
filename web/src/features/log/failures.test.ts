import { expect, it } from 'vitest';
import { FAILED_COMMAND, FAILED_TEST, failuresOf } from './failures';

const nothing = { tests: [], red: null, commands: [], lastCommand: null };

it('goes to failed tests before anything else', () => {
  expect(failuresOf({ tests: [9, 30], red: 2, commands: [40], lastCommand: 5 })).toEqual([9, 30]);
});

it('goes to the first red line, then to the commands that failed', () => {
  expect(failuresOf({ ...nothing, red: 7, commands: [12, 20], lastCommand: 5 })).toEqual([
    7, 12, 20,
  ]);
  expect(failuresOf({ ...nothing, red: 12, commands: [12] })).toEqual([12]);
  expect(failuresOf({ ...nothing, commands: [12], lastCommand: 5 })).toEqual([12]);
});

it('goes to the last command when nothing is red', () => {
  expect(failuresOf({ ...nothing, lastCommand: 5 })).toEqual([5]);
  expect(failuresOf(nothing)).toEqual([]);
});

it.each([
  'test store::tests::keeps ... FAILED',
  '--- FAIL: TestStore (0.00s)',
  'not ok 3 - keeps',
  "thread 'main' panicked at src/main.rs:3:5:",
  '  ✗ keeps what it is given',
  'error[E0308]: mismatched types',
])('knows a failed test: %s', (line) => expect(new RegExp(FAILED_TEST).test(line)).toBe(true));

it.each(['ok 3 - fails well', 'test result: ok. 3 passed; 0 failed', 'no error: fine'])(
  'takes no other line for one: %s',
  (line) => expect(new RegExp(FAILED_TEST).test(line)).toBe(false),
);

it('knows what the script says of a failed command', () => {
  const pattern = new RegExp(FAILED_COMMAND);
  expect(pattern.test('The command "make test" exited with 2.')).toBe(true);
  expect(pattern.test('The command "make" failed and exited with 1 during install.')).toBe(true);
  expect(pattern.test('The command "make test" exited with 0.')).toBe(false);
});
