import type { Plugin, Rollup } from 'vite';

/** Read by browsers that know it; a comment to others. */
const hint = '//# allFunctionsCalledOnLoad\n';
const viewer = 'features/log/LogViewer.svelte';

/**
 * Has the browser compile the parts that a page begins with whole, aside, while they arrive: nearly
 * every function in them runs before the first picture, and each would be read twice on the thread
 * that draws it. What is loaded as needed stays as it is.
 */
export function compileAhead(): Plugin {
  return {
    name: 'travis-compile-ahead',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const done = new Set<string>();
        const mark = (chunk: Rollup.OutputAsset | Rollup.OutputChunk | undefined): void => {
          if (chunk?.type !== 'chunk' || done.has(chunk.fileName)) return;
          done.add(chunk.fileName);
          chunk.code = hint + chunk.code;
          for (const next of chunk.imports) mark(bundle[next]);
        };
        for (const file of Object.values(bundle)) {
          if (file.type === 'chunk' && (file.isEntry || file.facadeModuleId?.endsWith(viewer)))
            mark(file);
        }
      },
    },
  };
}
