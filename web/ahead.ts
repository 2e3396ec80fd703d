import type { Plugin, Rollup } from 'vite';

const viewer = 'features/log/LogViewer.svelte';

/** A part's own files and those it brings along, beyond what `known` has. */
function files(bundle: Rollup.OutputBundle, name: string, known: Set<string>): string[] {
  const chunk = bundle[name];
  if (chunk?.type !== 'chunk' || known.has(name)) return [];
  known.add(name);
  const styles = [...(chunk.viteMetadata?.importedCss ?? [])].filter((css) => !known.has(css));
  for (const css of styles) known.add(css);
  return [name, ...styles, ...chunk.imports.flatMap((next) => files(bundle, next, known))];
}

/**
 * Names the files of the log viewer in a comment of the page. The server takes them out of the
 * comment where the page shows a log first, so that they are fetched with everything else.
 */
export function logAhead(): Plugin {
  return {
    name: 'travis-log-ahead',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle, chunk: entry }) {
        if (!bundle || !entry) return html;
        const known = new Set<string>();
        files(bundle, entry.fileName, known);
        const part = Object.values(bundle).find(
          (file) => file.type === 'chunk' && file.facadeModuleId?.endsWith(viewer),
        );
        if (!part) throw new Error(`${viewer} is no part of its own any more`);
        const links = files(bundle, part.fileName, known).map((name) =>
          name.endsWith('.css')
            ? `<link rel="stylesheet" crossorigin href="/${name}">`
            : `<link rel="modulepreload" crossorigin href="/${name}">`,
        );
        return html.replace('</head>', `<!--log ${links.join('')}-->\n  </head>`);
      },
    },
  };
}
