import { describe, expect, it } from 'vitest';
import type { KnownAnswer, KnownAnswers } from '../../api/types';
import { knownSteps } from './known';

/** Newest first, as the server has them. */
const answers = (...states: string[]): KnownAnswers =>
  ({
    wanted: 3,
    known_answers: states.map((state, at) => ({
      id: states.length - at,
      state: state === 'passed' || state === 'failed' ? 'finished' : state,
      passed: state === 'passed' ? true : state === 'failed' ? false : null,
    })) as KnownAnswer[],
  }) as KnownAnswers;
const said = (all: KnownAnswers): string[] =>
  knownSteps(all).map((step) => `${step.title}: ${step.word}`);

describe('known jobs', () => {
  it('are all to come at first', () => {
    expect(said(answers())).toEqual([
      'Known job 1 of 3: to come',
      'Known job 2 of 3: to come',
      'Known job 3 of 3: to come',
    ]);
  });
  it('pass one after the other', () => {
    expect(said(answers('running', 'passed'))).toEqual([
      'Known job 1 of 3: passed',
      'Known job 2 of 3: running',
      'Known job 3 of 3: to come',
    ]);
  });
  it('begin anew after a failure; one that was lost counts for nothing', () => {
    expect(said(answers('leased', 'lost', 'failed', 'passed'))).toEqual([
      'Known job before: failed',
      'Known job 1 of 3: given out',
      'Known job 2 of 3: to come',
      'Known job 3 of 3: to come',
    ]);
  });
  it('of a machine that is trusted is one', () => {
    expect(said({ ...answers('passed'), wanted: 1 })).toEqual(['Known job: passed']);
  });
});
