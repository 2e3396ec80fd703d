import { describe, expect, it } from 'vitest';
import { keyProblem } from './sshKey';

describe('a pasted key', () => {
  it('is said to be wrong with what helps', () => {
    expect(keyProblem('')).toBe('');
    expect(keyProblem('ssh-ed25519 AAAA t')).toMatch('public half');
    expect(keyProblem('hello')).toMatch('-----BEGIN');
    expect(keyProblem('-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA')).toMatch('-----END');
    const pem = (more: string) =>
      `-----BEGIN RSA PRIVATE KEY-----\n${more}AAAA\n-----END RSA PRIVATE KEY-----\n`;
    expect(keyProblem(pem(''))).toBe('');
    expect(keyProblem(pem('Proc-Type: 4,ENCRYPTED\n\n'))).toMatch('passphrase');
  });
});
