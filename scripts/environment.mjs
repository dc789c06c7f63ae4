// What the scripts share: the root of the repository, its tools on the PATH, its compiler, and a limit for cargo.
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

// Both versions of TypeScript that tests need bring a `tsc`; the package is built by this one.
export const tsc = 'node node_modules/typescript/bin/tsc';

process.env.PATH = `${root}node_modules/.bin${delimiter}${process.env.PATH}`;
process.env.CARGO_BUILD_JOBS ??= '2';
