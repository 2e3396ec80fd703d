import { describe, expect, it } from 'vitest';
import type { RequestPreview } from '../../api/types';
import { demandOf, shaProblem, verdictOf } from './demand';
import { ordered } from './preview.svelte';

const preview = (more: object): RequestPreview =>
  ({ refused: null, messages: [], stages: [], jobs: [], ...more }) as unknown as RequestPreview;

describe('a demand for a build', () => {
  it('names what was typed and nothing else', () => {
    const nothing = { branch: ' ', sha: '', message: '', config: '\n', mode: 'merge' as const };
    expect(demandOf(nothing)).toEqual({});
    expect(demandOf({ ...nothing, branch: 'main ', sha: 'ABC1234', config: 'env: A=1' })).toEqual({
      branch: 'main',
      sha: 'abc1234',
      config: 'env: A=1',
      merge_mode: 'merge',
    });
    expect(shaProblem('abc')).not.toBe('');
    expect(shaProblem('abc1234')).toBe('');
  });

  it('is said in a sentence', () => {
    const jobs = [{}, {}];
    expect(verdictOf(preview({ jobs, stages: ['a', 'b'] })).text).toBe(
      'Reads well. It makes 2 jobs in 2 stages.',
    );
    expect(verdictOf(preview({ jobs, messages: [{ level: 'warn' }] })).text).toBe(
      '1 warning. It makes 2 jobs.',
    );
    expect(verdictOf(preview({ messages: [{ level: 'error' }] })).shape).toBe('errored');
    expect(verdictOf(preview({ jobs, refused: 'Condition not met' })).text).toBe(
      'No build: Condition not met',
    );
  });

  it('shows messages on what was typed first', () => {
    const messages = [
      { src: '.travis.yml', line: 1 },
      { src: 'api', line: 4 },
      { src: 'api', line: 2 },
    ] as unknown as RequestPreview['messages'];
    expect(ordered(messages).map((one) => one.line)).toEqual([2, 4, 1]);
  });
});
