// Loads the files of a folder, one after the other, and prints of each its name, what came of it, how many milliseconds
// that took, and by how many MiB of address space the process has ever been larger than at first.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel } from '../../../dist/index.js';

const [folder, first] = process.argv.slice(2);
const peak = () => {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmPeak:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
};
// Threads and their memory are there then.
for (let i = 0; i < 20; i++) await loadModel(first);
const before = peak();
for (const name of readdirSync(folder).sort()) {
  // Told before, should it not end.
  console.log(name);
  const start = performance.now();
  const outcome = await loadModel(join(folder, name)).then(
    () => 'loaded',
    (error) => `${error?.name} ${error?.code}: ${error?.message}`,
  );
  console.log(JSON.stringify({ outcome, ms: performance.now() - start, mebibytes: peak() - before }));
}
