import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const worthwhile = /\.(js|css|html|svg|json|txt)$/;
/** What the server has packed only: it leaves the plain form out of the program. */
const packedOnly = /\/assets\/[^/]+\.(js|css)$/;
const smallest = 512;

function* files(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

/** Lays a `.br` and a `.gz` beside every text file of the build, so that the server only sends. */
export function compress(): Plugin {
  let out = 'dist';
  return {
    name: 'travis-compress',
    apply: 'build',
    configResolved(config) {
      out = join(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const path of files(out)) {
        if (!worthwhile.test(path)) continue;
        const bytes = readFileSync(path);
        if (bytes.length < smallest && !packedOnly.test(path)) continue;
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(bytes, {
            params: {
              [constants.BROTLI_PARAM_QUALITY]: 11,
              [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
            },
          }),
        );
      }
    },
  };
}
