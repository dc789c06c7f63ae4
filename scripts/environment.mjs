// What the scripts share: the root of the repository, its tools on the PATH, and a limit for cargo.
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

process.env.PATH = `${root}node_modules/.bin${delimiter}${process.env.PATH}`;
process.env.CARGO_BUILD_JOBS ??= '2';
