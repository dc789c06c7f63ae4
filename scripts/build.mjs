// Builds the package in place: the addon (ridgeline.<platform>.node and its types, index.d.ts), then dist/.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { root, tsc } from './environment.mjs';

const commands = [
  'napi build --release --platform --manifest-path crates/node/Cargo.toml --package ridgeline-node' +
    ' --output-dir . --no-js --dts index.d.ts',
  tsc,
];

rmSync(`${root}dist`, { recursive: true, force: true });
for (const command of commands) {
  if (spawnSync(command, { cwd: root, shell: true, stdio: 'inherit' }).status !== 0) {
    console.error(`failed: ${command}`);
    process.exitCode = 1;
    break;
  }
}
