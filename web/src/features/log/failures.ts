import { api } from '../../api/endpoints';

/** How the common runners name a failed test. Compiler errors count: they fail the tests too. */
export const FAILED_TEST =
  '(\\bFAILED\\b|^(--- )?FAIL\\b|^\\s*not ok\\b|panicked at|^\\s*(✗|✕|✖)|^(error|ERROR|fatal)(\\[E[0-9]+\\])?:)';
/** What the job's script says of a command that failed. */
export const FAILED_COMMAND = '^The command ".*" (failed and )?exited with [1-9]';

export interface Signs {
  tests: readonly number[];
  red: number | null;
  commands: readonly number[];
  lastCommand: number | null;
}

/**
 * Where a failed log is worth looking, first place first: failed tests; without any the first red
 * line, then the commands that failed; without those the command that ran last.
 */
export function failuresOf({ tests, red, commands, lastCommand }: Signs): number[] {
  if (tests.length > 0) return [...tests];
  const found = new Set<number>(red === null ? [] : [red]);
  for (const line of commands) found.add(line);
  if (found.size === 0 && lastCommand !== null) found.add(lastCommand);
  return [...found].sort((a, b) => a - b);
}

/** Asks the server for the signs of a failure. */
export async function findFailures(
  job: number,
  attempt: number,
  red: number | null,
  lastCommand: number | null,
): Promise<number[]> {
  const search = async (text: string): Promise<number[]> => {
    try {
      const query = { text, exact: true, regex: true, attempt };
      return (await api.logSearch(job, query)).lines;
    } catch {
      // Without the search the red line serves.
      return [];
    }
  };
  const tests = await search(FAILED_TEST);
  const commands = tests.length > 0 ? [] : await search(FAILED_COMMAND);
  return failuresOf({ tests, red, commands, lastCommand });
}
