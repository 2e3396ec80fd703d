import { describe, expect, it } from 'vitest';
import type { Opinion } from '../../api/types';
import { isOpen, opinionText, opinionTitle, shapeWord, whatHappens } from './opinions';

const worker = (name: string, login: string): Opinion['worker'] =>
  ({ name, owner: { login } }) as Opinion['worker'];
const opinion = (part: Partial<Opinion>): Opinion => ({
  role: 'first',
  state: 'passed',
  attempt: 1,
  worker: worker('tiny-mac', 'pixelmoth'),
  tier: 'probation',
  exit_code: 0,
  agrees: null,
  other_network: false,
  started_at: null,
  finished_at: null,
  waiting: null,
  ...part,
});

describe('words on a job', () => {
  it('say whose they are and how far that counts', () => {
    expect(opinionTitle(opinion({}))).toBe('First word: passed');
    expect(opinionText(opinion({}))).toBe('tiny-mac, on probation · exit code 0');
    const second = opinion({
      role: 'second',
      state: 'running',
      worker: worker('orchard', 'bramble'),
      tier: 'volunteer',
      exit_code: null,
      other_network: true,
    });
    expect(opinionTitle(second)).toBe('Second opinion: running');
    expect(opinionText(second)).toBe('orchard, lent by bramble · another owner, another network');
    expect(shapeWord('running')).toBe('started');
  });

  it('say why there is none yet', () => {
    const waiting = opinion({
      role: 'second',
      state: 'waiting',
      worker: null,
      waiting: {
        '@type': 'waiting',
        code: 'no_second_opinion',
        text: 'No other owner is online.',
      } as unknown as Opinion['waiting'],
    });
    expect(opinionTitle(waiting)).toBe('Second opinion: waiting');
    expect(opinionText(waiting)).toBe('No other owner is online.');
    expect(shapeWord('waiting')).toBe('queued');
  });

  it('say when they differ', () => {
    const third = opinion({
      role: 'third',
      state: 'failed',
      worker: worker('mill', 'operators'),
      tier: 'attested',
      exit_code: 1,
      agrees: false,
    });
    expect(opinionText(third)).toBe(
      'mill, lent by operators · of the operators · exit code 1 · says otherwise',
    );
  });
});

describe('what happens now', () => {
  it('names the forge and what it is told', () => {
    const job = { state: 'passed', provisional: true, verification: 'second', flaky: false };
    expect(whatHappens(job, 'GitHub')).toBe(
      'If both agree, the result stands and GitHub is told “passed”. Until then it says “pending verification”.',
    );
    expect(whatHappens(job, null)).toContain('provisional');
    expect(isOpen(job)).toBe(true);
  });

  it('says who decides, and who decided', () => {
    const job = { state: 'failed', provisional: true, verification: 'third', flaky: false };
    expect(whatHappens(job, null)).toContain('a trusted worker decides');
    expect(whatHappens({ ...job, verification: 'settled', provisional: false }, null)).toContain(
      'decided',
    );
    expect(
      whatHappens({ ...job, verification: 'settled', provisional: false, flaky: true }, null),
    ).toContain('flaky');
  });

  it('says nothing where nobody looks again', () => {
    for (const verification of ['none', 'agreed']) {
      const job = { state: 'passed', provisional: false, flaky: false, verification };
      expect(whatHappens(job, 'GitHub')).toBe('');
      expect(isOpen(job)).toBe(false);
    }
  });
});
