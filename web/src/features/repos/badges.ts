import type { Badges } from '../../api/types';

/** The badge's texts for a branch. All pure. */

const FORMATS: [format: string, name: string][] = [
  ['markdown', 'Markdown'],
  ['html', 'HTML'],
  ['rst', 'RST'],
  ['asciidoc', 'AsciiDoc'],
  ['url', 'URL'],
];

/** The image's address for one branch; the default branch needs no name. */
export function imageFor(imageUrl: string, branch: string): string {
  if (branch === '') return imageUrl;
  const cut = imageUrl.indexOf('?');
  const [path, query] =
    cut < 0 ? [imageUrl, ''] : [imageUrl.slice(0, cut), imageUrl.slice(cut + 1)];
  const params = new URLSearchParams(query);
  params.set('branch', branch);
  return `${path}?${params.toString()}`;
}

/** Each format with its text, those known in their order, others after them. */
export function badgeTexts(
  badges: Badges,
  branch: string,
): { format: string; name: string; text: string }[] {
  const image = imageFor(badges.image_url, branch);
  const rank = (format: string): number => {
    const at = FORMATS.findIndex(([known]) => known === format);
    return at < 0 ? FORMATS.length : at;
  };
  // An address inside HTML has its ampersands written out.
  const written = (url: string): string => url.replaceAll('&', '&amp;');
  return badges.badges
    .map(({ format, text }) => ({
      format,
      name: FORMATS.find(([known]) => known === format)?.[1] ?? format,
      text:
        format === 'html'
          ? text
              .replaceAll(written(badges.image_url), badges.image_url)
              .replaceAll(badges.image_url, written(image))
          : text.replaceAll(badges.image_url, image),
    }))
    .sort((a, b) => rank(a.format) - rank(b.format));
}

/** The image's address on this very server, which is the only one that the page may ask. */
export function previewOf(imageUrl: string, branch: string): string {
  const url = imageFor(imageUrl, branch);
  return url.replace(/^https?:\/\/[^/]+/, '');
}
