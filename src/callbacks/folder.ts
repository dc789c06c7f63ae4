/**
 * Folders of the files that callbacks write.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RidgelineError } from '../errors.js';

/**
 * Makes a folder, and those around it, where they are not there.
 * @param argument - What its path was given as.
 * @throws {RidgelineError} As a rejection: `ERR_IO`.
 */
export async function makeFolder(argument: string, path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    const message = `cannot make the folder '${path}': ${(error as Error).message}`;
    throw new RidgelineError('ERR_IO', message, { argument, received: path }, { cause: error });
  }
}

/** As {@link makeFolder}, for the folder of a file. */
export const makeFolderOf = (argument: string, path: string): Promise<void> =>
  makeFolder(argument, dirname(path));
