// Runs a bench by name: `npm run bench -- step --workload mlp`, `npm run bench -- gemm`, …
import { spawnSync } from 'node:child_process';
import { root } from './environment.mjs';

const [name, ...rest] = process.argv.slice(2);
const programs = ['step', 'predict', 'regularization', 'lag', 'cold-start', 'neighbour'];
const kernels = ['gemm', 'norm'];
const commands = {
  ...Object.fromEntries(programs.map((p) => [p, ['tsx', `bench/${p}.ts`, ...rest]])),
  ...Object.fromEntries(
    kernels.map((k) => [k, ['cargo', 'bench', '-p', 'ridgeline-kernels', '--bench', k, '--', ...rest]]),
  ),
};
const command = commands[name];
if (!command) {
  console.error(`usage: npm run bench -- ${Object.keys(commands).join('|')} [options]`);
  process.exitCode = 2;
} else {
  process.exitCode = spawnSync(command[0], command.slice(1), { cwd: root, stdio: 'inherit' }).status ?? 1;
}
