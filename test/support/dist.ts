/**
 * The guard of tests that run `dist/`: they test nothing when it is not what the compiler makes of `src/`.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files below a folder with `ending`, without it, and when each was written. */
function times(folder: string, ending: string): Map<string, number> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((file) => file.endsWith(ending))
      .map((file) => [file.slice(0, -ending.length), statSync(join(folder, file)).mtimeMs]),
  );
}

/** Throws, naming the file, unless every source was compiled after its last change, and nothing else lies there. */
export function checkBuilt(src = join(root, 'src'), dist = join(root, 'dist')): void {
  const stale = (what: string): Error =>
    new Error(
      `${what}: remove dist/ and run \`npm run build\`, ` +
        'or `node node_modules/typescript/bin/tsc` where only TypeScript has changed',
    );
  let built: Map<string, number>;
  try {
    built = times(dist, '.js');
  } catch {
    throw stale('dist/ is missing');
  }
  const sources = times(src, '.ts');
  for (const [name, changed] of sources) {
    const made = built.get(name);
    if (made === undefined) throw stale(`src/${name}.ts is not in dist/`);
    if (made < changed) throw stale(`src/${name}.ts is newer than dist/${name}.js`);
  }
  for (const name of built.keys()) {
    if (!sources.has(name)) throw stale(`dist/${name}.js has no source any more`);
  }
}
