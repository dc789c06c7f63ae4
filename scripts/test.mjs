// Everything that has to hold, cheapest first. A failing step stops no later one. What failed is told once more at the
// end, with its reason. The last line counts: every Rust and TypeScript test, and one for each other step. With --long,
// also what repeats a check over more cases than there is time for every day.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root, tsc } from './environment.mjs';

const long = process.argv.includes('--long');
const scratch = mkdtempSync(join(tmpdir(), 'ridgeline-test-'));
const report = join(scratch, 'vitest.json');

/** Files that a build writes and the repository keeps. */
const generated = ['index.d.ts', 'Cargo.lock', 'package-lock.json'];

/** Tests that failed, each with why. */
const failedTests = [];

/** Runs a command line, shows its output and resolves to { ok, output }. */
function run(command, variables = {}) {
  return new Promise((resolve) => {
    const env = { ...process.env, ...variables };
    const child = spawn(command, { cwd: root, shell: true, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('error', (error) => resolve({ ok: false, output: String(error) }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

const one = (ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

/** A command line that counts as one test. */
const check = (command) => async () => one((await run(command)).ok);

/** The counts of a test runner. One that fails without a failed test, or runs no test at all, has failed. */
const counts = (ok, passed, failed) => ({
  passed,
  failed: failed === 0 && (!ok || passed === 0) ? 1 : failed,
});

async function cargoTest(packages = '--workspace', variables = {}, which = '') {
  const { ok, output } = await run(`cargo test ${packages} --no-fail-fast -- ${which}`, variables);
  let [passed, failed] = [0, 0];
  for (const [, p, f] of output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed/gm)) {
    passed += Number(p);
    failed += Number(f);
  }
  for (const [, test] of output.matchAll(/^test (.*) \.\.\. FAILED$/gm)) {
    const [, why = ''] = output.split(`---- ${test} stdout ----\n`);
    failedTests.push(`${test}\n${why.split(/\n\n|\nstack backtrace/)[0]}`);
  }
  return counts(ok, passed, failed);
}

async function vitest(files = '', variables = {}) {
  const reporters = `--reporter=default --reporter=json --outputFile.json="${report}"`;
  const { ok } = await run(`vitest run ${files} ${reporters}`, variables);
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    for (const { name, message, assertionResults } of testResults) {
      const file = relative(root, name);
      if (message) failedTests.push(`${file}\n${message}`);
      for (const { status, fullName, failureMessages } of assertionResults) {
        if (status === 'failed') failedTests.push(`${file}: ${fullName}\n${failureMessages.join('\n')}`);
      }
    }
    return counts(ok, numPassedTests, numFailedTests);
  } catch {
    return counts(false, 0, 0);
  }
}

/**
 * What depends on the instruction set, on every lower level of this CPU; kernels test all levels by themselves. The
 * engine's tests are named within the workspace: asked for by its package alone, they would be compiled once more, since
 * dependencies have fewer features there.
 */
async function lowerLevels() {
  const files = readdirSync(join(root, 'crates/engine/tests')).filter((file) => file.endsWith('.rs'));
  const engine = files.map((file) => `--test ${file.slice(0, -'.rs'.length)}`).join(' ');
  const { runtime } = await import(new URL('../dist/index.js', import.meta.url));
  const { isa, available } = runtime();
  const total = { passed: 0, failed: 0 };
  for (const level of available.filter((level) => level !== isa)) {
    console.log(`-- ${level}`);
    const variables = { RIDGELINE_ISA: level };
    for (const counted of [
      await cargoTest(`--workspace --lib ${engine}`, variables),
      await vitest('test/parity test/model.test.ts test/saving.test.ts', variables),
    ]) {
      total.passed += counted.passed;
      total.failed += counted.failed;
    }
  }
  return total;
}

const contents = () =>
  generated.map((file) => {
    try {
      return readFileSync(join(root, file), 'utf8');
    } catch {
      return undefined;
    }
  });
const before = contents();

async function drift() {
  const after = contents();
  const drifted = generated.filter((_, i) => after[i] === undefined || after[i] !== before[i]);
  for (const file of drifted) console.error(`${file} is not what the build generates: commit the new one`);
  return one(drifted.length === 0);
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const tarball = join(scratch, `ridgeline-${version}.tgz`);

const steps = {
  'development dependencies': check('node scripts/setup.mjs'),
  'format and lint': check('biome ci --error-on-warnings'),
  'Rust format': check('cargo fmt --all --check'),
  build: check('node scripts/build.mjs'),
  'generated files': drift,
  'types of tests and examples': check(`${tsc} --project tsconfig.test.json`),
  'types stand alone': check(`${tsc} --project tsconfig.dts.json`),
  'Rust lint': check('cargo clippy --workspace --all-targets -- -D warnings'),
  'Rust tests': () => cargoTest(),
  ...(long ? { 'long Rust tests': () => cargoTest('--workspace --tests', {}, '--ignored') } : {}),
  'TypeScript tests': () => vitest('', long ? { LONG_TESTS: '1' } : {}),
  'tests on lower instruction sets': lowerLevels,
  'API reference': check('typedoc --emit none'),
  'package contents': check(
    `npm pack --silent --pack-destination "${scratch}" && publint run "${tarball}" --strict`,
  ),
  'package types': check(`attw "${tarball}" --profile esm-only`),
};

const total = { passed: 0, failed: 0 };
const failures = [];
for (const [name, step] of Object.entries(steps)) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const { passed, failed } = await step().catch((error) => {
    console.error(error);
    return one(false);
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`== ${name}: ${failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) failures.push(name);
}
rmSync(scratch, { recursive: true, force: true });

for (const test of failedTests) console.log(`\nFAILED ${test}`);
console.log(failures.length === 0 ? '' : `\nfailed: ${failures.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
