import { expect, it } from 'vitest';
import type { Badges } from '../../api/types';
import { badgeTexts, imageFor, previewOf } from './badges';

const image = 'https://ci.example.org/harborlight/beacon.svg';

it('names the branch in the address', () => {
  expect(imageFor(image, '')).toBe(image);
  expect(imageFor(image, 'release/0.14')).toBe(`${image}?branch=release%2F0.14`);
  expect(imageFor(`${image}?token=bt_1`, 'main')).toBe(`${image}?token=bt_1&branch=main`);
  expect(previewOf(image, 'main')).toBe('/harborlight/beacon.svg?branch=main');
});

it('writes each format, in order', () => {
  const texts = badgeTexts(
    {
      ...({} as Badges),
      image_url: `${image}?token=bt_1`,
      badges: [
        { format: 'url', text: `${image}?token=bt_1` },
        { format: 'org', text: `[[${image}?token=bt_1]]` },
        { format: 'html', text: `<img src="${image}?token=bt_1">` },
        { format: 'markdown', text: `[![Build](${image}?token=bt_1)](https://ci.example.org)` },
      ],
    },
    'main',
  );
  expect(texts.map((one) => one.name)).toStrictEqual(['Markdown', 'HTML', 'URL', 'org']);
  expect(texts[0]?.text).toBe(
    `[![Build](${image}?token=bt_1&branch=main)](https://ci.example.org)`,
  );
  expect(texts[1]?.text).toBe(`<img src="${image}?token=bt_1&amp;branch=main">`);
});
