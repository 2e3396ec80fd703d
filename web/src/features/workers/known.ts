import type { KnownAnswer, KnownAnswers } from '../../api/types';
import { knownShape, type Shape } from '../../lib/states';

/** A known-answer job that ran, runs, or is to come. */
export interface KnownStep {
  key: string;
  title: string;
  shape: Shape;
  word: string;
  known: KnownAnswer | null;
}

const WORDS: Partial<Record<Shape, string>> = { started: 'running', received: 'given out' };

/**
 * Those of the row that counts now, the oldest first, and those to come. A failure begins the row
 * anew, and the last one stands before it.
 */
export function knownSteps({ wanted, known_answers: newest }: KnownAnswers): KnownStep[] {
  const shapes = newest.map(knownShape);
  const failed = shapes.indexOf('failed');
  const row = newest
    .slice(0, failed < 0 ? newest.length : failed)
    .filter((known) => knownShape(known) !== 'canceled')
    .slice(0, wanted)
    .reverse();
  const step = (known: KnownAnswer, title: string): KnownStep => {
    const shape = knownShape(known);
    return { key: `ran-${known.id}`, title, shape, word: WORDS[shape] ?? shape, known };
  };
  const name = (at: number): string =>
    wanted > 1 ? `Known job ${at + 1} of ${wanted}` : 'Known job';
  const bad = newest[failed];
  const steps = bad ? [step(bad, 'Known job before')] : [];
  steps.push(...row.map((known, at) => step(known, name(at))));
  for (let at = row.length; at < wanted; at++) {
    steps.push({
      key: `ahead-${at}`,
      title: name(at),
      shape: 'created',
      word: 'to come',
      known: null,
    });
  }
  return steps;
}
