/**
 * Runs Node in a child process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Path of a program in `children/`. */
export const script = (name: string): string =>
  fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));

/** Exit status and output of `node args`, which is ended after `timeout` milliseconds if there are any. */
export async function node(
  args: readonly string[],
  env: Record<string, string> = {},
  timeout?: number,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { status, stdout, stderr };
}
