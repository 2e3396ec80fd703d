import { describe, expect, it } from 'vitest';
import type { FleetPlatform, Worker, WorkerRecord } from '../../api/types';
import {
  bytesText,
  coreHours,
  coresText,
  ladderProgress,
  nextWork,
  percent,
  restText,
  spell,
  stateShape,
  stateWord,
  waitShape,
  waitText,
} from './words';

const worker = (part: Partial<Worker>): Worker =>
  ({
    state: 'online',
    os: 'linux',
    arch: 'arm64',
    running: [],
    slot_use: { busy: 0, free: 1, unlent: 0 },
    presence: { state: 'lending', text: 'It takes jobs.', since_seconds: 5 },
    too_old: false,
    facts: { version: '0.1.0' },
    ...part,
  }) as Worker;
const record = (part: Partial<WorkerRecord>): WorkerRecord =>
  ({ known_passed: 0, known_wanted: 3, agreed: 0, agreed_in_a_row: 0, ...part }) as WorkerRecord;

describe('what a worker is now', () => {
  it('is one word and one shape', () => {
    const busy = { busy: 1, free: 0, unlent: 0 };
    const away = { state: 'owner_active', text: '', since_seconds: 740 } as Worker['presence'];
    const of = (part: Partial<Worker>): string[] => [
      stateWord(worker(part)),
      stateShape(worker(part)),
    ];
    expect(of({})).toEqual(['idle', 'passed']);
    expect(of({ slot_use: busy })).toEqual(['working', 'started']);
    expect(of({ presence: away })).toEqual(['resting', 'queued']);
    expect(of({ state: 'draining' })).toEqual(['draining', 'started']);
    expect(of({ state: 'banned' })).toEqual(['banned', 'failed']);
    expect(restText(worker({ presence: away }))).toBe('owner is at the machine, since 12 min');
    expect(restText(worker({}))).toBe('idle');
    expect(restText(worker({ too_old: true }))).toBe('version 0.1.0 is too old');
    expect(restText(worker({ state: 'paused', presence: away }))).toBe('paused by its owner');
  });
});

describe('figures', () => {
  it('of work and of promises', () => {
    expect([0, 30, 359, 1440, 1_123_200, 4_622_400].map(coreHours)).toEqual([
      '0 h',
      '1 min',
      '6 min',
      '0.4 h',
      '312 h',
      '1,284 h',
    ]);
    expect([100, 99.97, 99.2, 98, null].map(percent)).toEqual([
      '100 %',
      '99.9 %',
      '99.2 %',
      '98.0 %',
      '',
    ]);
  });
  it('of waits and spans', () => {
    expect([null, 4, 40, 400, 3000, 180_000].map(waitText)).toEqual([
      '',
      '0.01 s',
      '0.04 s',
      '0.4 s',
      '3 s',
      '3 min',
    ]);
    expect([5, 740, 7300, 600_000].map(spell)).toEqual(['5 s', '12 min', '2 h', '6 days']);
  });
  it('of use', () => {
    expect(coresText(2, 4, 8)).toBe('2 of 8 in use, 4 lent');
    expect(coresText(0.26, undefined, 8)).toBe('0.3 of 8 in use');
    expect(bytesText(3.1e9, 8e9)).toBe('3.1 GB in use, 8 GB lent');
  });
});

describe('the ladder', () => {
  it('shows how far the present step is', () => {
    expect(ladderProgress('quarantined', record({ known_passed: 2 }))).toEqual({
      value: 2,
      most: 3,
      text: '2 of 3 known jobs agree',
    });
    expect(
      ladderProgress('quarantined', record({ known_passed: 3, agreed_in_a_row: 4 }))?.text,
    ).toBe('4 of 10 in a row confirmed');
    expect(ladderProgress('probation', record({ agreed: 140 }))).toMatchObject({ value: 100 });
    expect(ladderProgress('volunteer', record({}))).toBeNull();
  });
  it('says what comes next', () => {
    const platform = { os: 'linux', arch: 'arm64', waiting: 4 } as FleetPlatform;
    expect(nextWork([platform], worker({}))).toBe(
      'Next: jobs for Linux arm64. 4 are waiting, so it will have work at once.',
    );
    expect(nextWork([], worker({}))).toContain('None waits');
  });
});

it('what nobody but a person can change stands out', () => {
  expect(
    ['no_worker', 'no_fitting_worker', 'no_trusted_worker', 'busy', 'no_second_opinion'].map(
      waitShape,
    ),
  ).toEqual(['errored', 'errored', 'queued', 'queued', 'created']);
});
