/**
 * Names of files, as users pass them.
 */
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { argumentError, RidgelineError } from '../errors.js';
import { succeeded } from '../native.js';
import { isWellFormed } from './check.js';

/** A file's name, or a `file:` URL. */
export type FilePath = string | { readonly href: string; readonly protocol: string };

/** The path of a URL, if it has one. */
function decoded(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

/**
 * The name as the native core takes it.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else.
 */
export function filePath(argument: string, given: unknown): string {
  if (given instanceof URL && given.protocol === 'file:' && given.host === '') {
    const path = decoded(given);
    if (path !== undefined && !path.includes('\0')) return path;
  }
  // Where the process is may change before the file is opened.
  if (typeof given === 'string' && given !== '' && !given.includes('\0') && isWellFormed(given))
    return isAbsolute(given) ? given : join(process.cwd(), given);
  throw argumentError(argument, 'a file name or file: URL', given instanceof URL ? given.href : given);
}

/**
 * What native work with the file at `path` gave.
 * @throws {RidgelineError} Its failure; `ERR_IO` tells of the path.
 */
export function ofFile<T extends Parameters<typeof succeeded>[0]>(path: string, event: T): T {
  const { failure } = event;
  if (failure?.code !== 'ERR_IO') return succeeded(event);
  throw new RidgelineError('ERR_IO', failure.message, { argument: 'path', received: path });
}
