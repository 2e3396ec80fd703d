import type { Plugin } from 'vite';

/** Asks for the fonts of Latin script with the page itself, not when its styles are read. */
export function preloadFonts(): Plugin {
  return {
    name: 'travis-fonts',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle }) {
        return Object.keys(bundle ?? {})
          .filter((name) => /-latin-wght-[\w-]*\.woff2$/.test(name))
          .map((name) => ({
            tag: 'link',
            attrs: {
              rel: 'preload',
              as: 'font',
              type: 'font/woff2',
              href: `/${name}`,
              crossorigin: true,
            },
            injectTo: 'head' as const,
          }));
      },
    },
  };
}
