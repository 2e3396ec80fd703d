import { describe, expect, it } from 'vitest';
import type { Download, EnrolmentToken, Worker } from '../../api/types';
import { filterWorkers } from './fleet';
import { nameProblem } from './names';
import { imageFiles, lineFor, shortDigest, sizesOf, wayOnWire } from './ways';

const worker = (name: string, login: string, state: string, busy = 0): Worker =>
  ({
    name,
    owner: { login },
    state,
    os: 'linux',
    arch: name === 'pi' ? 'arm64' : 'amd64',
    tier: 'volunteer',
    executor: 'namespace',
    slot_use: { busy, free: 1, unlent: 0 },
    facts: { version: '0.1.0', distribution: 'Debian 12', images: ['rust-1.85'] },
  }) as unknown as Worker;
const fleet = [
  worker('oak', 'ada', 'online', 1),
  worker('pi', 'grace', 'online'),
  worker('barn', 'ada', 'offline'),
];
const names = (list: Worker[]): string[] => list.map((one) => one.name);

describe('the table of workers', () => {
  it('is filtered by whose, what, and words', () => {
    expect(names(filterWorkers(fleet, 'all', '', undefined))).toEqual(['oak', 'pi', 'barn']);
    expect(names(filterWorkers(fleet, 'mine', '', 'ada'))).toEqual(['oak', 'barn']);
    expect(names(filterWorkers(fleet, 'mine', '', undefined))).toEqual([]);
    expect(names(filterWorkers(fleet, 'busy', '', 'ada'))).toEqual(['oak']);
    expect(names(filterWorkers(fleet, 'offline', '', 'ada'))).toEqual(['barn']);
    expect(names(filterWorkers(fleet, 'all', 'linux ARM64', 'ada'))).toEqual(['pi']);
    expect(names(filterWorkers(fleet, 'all', 'ada rust-1.85', 'ada'))).toEqual(['oak', 'barn']);
    expect(names(filterWorkers(fleet, 'all', 'nothing', 'ada'))).toEqual([]);
  });
});

describe('ways in', () => {
  const token = {
    lines: {
      one_command: 'curl',
      vm: 'vm',
      service: ['a', 'b'],
      container: 'podman',
    },
  } as EnrolmentToken;
  it('have their line', () => {
    expect(lineFor(token, 'command', 'systemd')).toBe('curl');
    expect(lineFor(token, 'image', 'systemd')).toBe('vm');
    expect(lineFor(token, 'service', 'systemd')).toBe('a\nb');
    expect(lineFor(token, 'service', 'container')).toBe('podman');
    expect(wayOnWire('service', 'container')).toBe('container');
    expect(wayOnWire('command', 'container')).toBe('command');
  });
  const file = (name: string, kind: string, size: number): Download => ({
    name,
    kind,
    os: 'linux',
    arch: kind === 'manifest' ? null : 'amd64',
    size,
    sha256: 'abcd'.repeat(16),
    path: `/download/${name}`,
  });
  it('name files and sizes', () => {
    const files = [
      file('x.raw', 'raw', 3e8),
      file('x.qcow2', 'disk', 1.48e8),
      file('t', 'program', 8e6),
    ];
    expect(imageFiles(files).map((one) => one.title)).toEqual([
      'Disk, qcow2, amd64',
      'Disk, raw, amd64',
    ]);
    expect(sizesOf(files)).toEqual({ program: '8 MB', image: '148 MB' });
    expect(sizesOf([])).toEqual({ program: '', image: '' });
    expect(shortDigest('abcd'.repeat(16))).toBe('sha256:abcd…abcd');
  });
});

it('a wrong name is told with the fix', () => {
  expect(nameProblem('rainy day')).toBe('No spaces: rainy-day');
  expect(nameProblem('a/b')).toContain('Letters');
  expect(nameProblem(' ')).toContain('rainy-day');
  expect(nameProblem('rainy-day.2')).toBe('');
});
