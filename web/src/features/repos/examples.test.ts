import { expect, it } from 'vitest';
import { EXAMPLES } from './examples';

it('names each language in its own example, once', () => {
  for (const { language, text } of EXAMPLES) {
    expect(text.startsWith(`language: ${language}\n`)).toBe(true);
    expect(text.split('\n').length).toBeLessThanOrEqual(3);
  }
  expect(new Set(EXAMPLES.map((one) => one.language)).size).toBe(EXAMPLES.length);
});
