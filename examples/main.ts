/** Runs an example if its file was started by itself, and prints what it found. */
import { fileURLToPath } from 'node:url';

/** @param url - `import.meta.url` of the file. */
export async function runIfMain(url: string, run: () => Promise<unknown>): Promise<void> {
  if (process.argv[1] === fileURLToPath(url)) console.log(await run());
}
