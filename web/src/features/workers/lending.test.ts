import { describe, expect, it } from 'vitest';
import {
  figureProblem,
  formOf,
  formProblem,
  forWhom,
  freshForm,
  hoursProblem,
  lendingOf,
  lendingPhrases,
  readRepositories,
  repositoriesProblem,
  sharesWith,
  windowText,
} from './lending';

describe('the form of what is lent', () => {
  it('carries a choice to the wire and back', () => {
    const form = {
      ...freshForm(),
      disk: '40',
      rate: '20',
      month: '200',
      slots: '2',
      hours: 'nights_weekends' as const,
      only: 'ada/engine, ada/*',
      egress: 'registries' as const,
    };
    const wire = lendingOf(form);
    expect(wire).toMatchObject({
      slots: 2,
      cores_percent: 50,
      memory_percent: 50,
      disk_bytes: 40e9,
      bytes_per_second: 2_500_000,
      bytes_per_month: 200e9,
      only_when_idle: true,
      only_on_mains: true,
      only_unmetered: true,
      only_repositories: ['ada/engine', 'ada/*'],
      egress: 'registries',
    });
    expect(wire.hours).toHaveLength(2);
    expect(formOf(wire)).toMatchObject({ ...form, only: 'ada/engine\nada/*', own: wire.hours });
  });

  it('leaves out what has no limit', () => {
    const wire = lendingOf(formOf({}));
    expect(Object.keys(wire).sort()).toEqual([
      'hours',
      'never_repositories',
      'only_on_mains',
      'only_repositories',
      'only_unmetered',
      'only_when_idle',
    ]);
    expect(formProblem(formOf({}))).toBe('');
  });

  it('keeps hours that no choice has', () => {
    const hours = [{ days: ['mon'], from: '12:00', to: '13:30', zone: 'Europe/Berlin' }];
    const form = formOf({ hours });
    expect(form.hours).toBe('own');
    expect(lendingOf(form).hours).toEqual(hours);
  });

  it('keeps a share that the list has not', () => {
    expect(sharesWith(60).map((one) => one.word)).toEqual([
      'A quarter',
      'Half',
      '60 %',
      'Three quarters',
      'All',
    ]);
  });
});

describe('what was typed wrong', () => {
  it('is named with its fix', () => {
    expect(repositoriesProblem('ada/engine\nada/*')).toBe('');
    expect(repositoriesProblem('ada')).toContain('“ada”');
    expect(repositoriesProblem('<b>/x')).toContain('owner/name');
    expect(figureProblem('', 10)).toBe('');
    expect(figureProblem('1,5', 10)).toBe('');
    expect(figureProblem('0', 10)).toContain('up to 10');
    expect(figureProblem('1.5', 10, true)).toContain('whole');
    expect(figureProblem('lots', 10)).toContain('number');
    expect(hoursProblem([])).toContain('Any time');
    expect(hoursProblem([{ days: [], from: '9', to: '10:00' }])).toContain('22:00');
    expect(hoursProblem([{ days: [], from: '09:00', to: '10:00' }])).toBe('');
  });

  it('reads names by lines, commas and blanks, each once', () => {
    expect(readRepositories(' a/b,\nc/* a/b ')).toEqual(['a/b', 'c/*']);
  });
});

describe('words', () => {
  it('name days and hours', () => {
    expect(windowText({ days: ['sun', 'sat'], from: '00:00', to: '00:00' })).toBe(
      'Sat and Sun, all day',
    );
    expect(windowText({ days: [], from: '22:00', to: '07:00' })).toBe('every day 22:00 to 07:00');
  });

  it('say for whom', () => {
    expect(forWhom('', '')).toBe('All public repositories of this server');
    expect(forWhom('a/b', '')).toBe('Only a/b');
    expect(forWhom('', 'a/b c/d e/f')).toBe('All public repositories but a/b and 2 more');
  });

  it('say what is lent', () => {
    expect(
      lendingPhrases({ only_when_idle: true, bytes_per_second: 2_500_000, egress: 'registries' }),
    ).toEqual([
      'only while its owner is away',
      '20 Mbit/s at most',
      'jobs reach package registries alone',
    ]);
    expect(lendingPhrases({ only_repositories: ['a/b'] })).toEqual(['only a/b']);
  });
});
