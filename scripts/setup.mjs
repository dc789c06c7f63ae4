// Ensures that node_modules holds what package-lock.json says. Runs npm when node_modules is missing or older than the
// lock file. Not `npm ci`: it refuses a lock file without the binaries of other platforms, which npm leaves out when
// the registry does not serve them; `--no-save` keeps to the lock file and leaves it as it is.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { root } from './environment.mjs';

/** When the file was written; 0 when there is none. */
const written = (path) => statSync(`${root}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (written('node_modules/.package-lock.json') < written('package-lock.json')) {
  console.log('installing the development dependencies');
  const command = 'npm install --no-save --no-audit --no-fund --loglevel=error';
  process.exitCode = spawnSync(command, { cwd: root, shell: true, stdio: 'inherit' }).status ?? 1;
}
