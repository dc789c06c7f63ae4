/**
 * Runs a case and says what is wrong with how it ended, if anything.
 */
import * as util from 'node:util';
import { compileFunction } from 'node:vm';
import * as ridgeline from 'ridgeline';
import * as odd from './odd.js';
import * as own from './own.js';

/** What is wrong, and where in the sources. */
export interface Fault {
  readonly what: string;
  /** The first frame of the stack in the package. */
  readonly at: string;
}

/** Milliseconds after which a promise counts as one that never settles. */
const PATIENCE = 5000;

const CODES = new Set(
  [
    'SHAPE',
    'DTYPE',
    'ARGUMENT',
    'NOT_COMPILED',
    'BUSY',
    'DISPOSED',
    'NON_FINITE',
    'EXPORT',
    'IO',
    'MEMORY',
  ].map((name) => `ERR_${name}`),
);

const scope: Readonly<Record<string, unknown>> = { ...ridgeline, odd, own, util };
const names = Object.keys(scope);
const given = Object.values(scope);

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

const turn = (): Promise<void> => new Promise((settle) => setImmediate(settle));

function frames(error: Error): string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node:|<anonymous>\)?$|^\s+at native/.test(line));
}

/** The fault that an error is, unless it may come out of a call. */
function faultOf(error: unknown): Fault | undefined {
  if (error === odd.mine) return undefined;
  if (ridgeline.isRidgelineError(error) && CODES.has(error.code)) return undefined;
  if (!(error instanceof Error)) return { what: `threw what is no error: ${util.inspect(error)}`, at: '' };
  const found = frames(error);
  // The case's own code may be wrong too; the package is not to blame for that.
  if (found[0]?.includes('case.js') && !(error.cause instanceof Error)) return undefined;
  if (found[0]?.includes('/test/fuzz/') && !(error.cause instanceof Error)) return undefined;
  const of = error.cause instanceof Error ? [...found, ...frames(error.cause)] : found;
  const at = of.find((line) => line.includes('/src/'))?.trim() ?? found[0]?.trim() ?? '';
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return { what: `${error.name}: ${error.message}${cause}`.slice(0, 300), at };
}

async function settled(work: Promise<unknown>): Promise<Fault | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Fault>((settle) => {
    timer = setTimeout(() => settle({ what: 'hangs', at: 'a promise that does not settle' }), PATIENCE);
  });
  try {
    return await Promise.race([work.then(() => undefined, faultOf), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** True if the package still does what it should, whatever the case did. */
function works(): boolean {
  const { ops, tensor } = ridgeline;
  return ops.add(tensor([1]), 1).item() === 2;
}

/** Runs the code of a case. */
export async function judge(code: string): Promise<Fault | undefined> {
  const body = `return (async () => {\n${code}\n})();`;
  const run = compileFunction(body, names, { filename: 'case.js' });
  const fault = await settled(run(...given) as Promise<unknown>);
  await turn();
  const left = unhandled.splice(0).find((reason) => reason !== odd.mine);
  if (fault) return fault;
  if (left !== undefined) {
    const { what, at } = faultOf(left) ?? { what: String(left), at: '' };
    return { what: `a rejection that nobody handles: ${what}`, at };
  }
  return works() ? undefined : { what: 'the package does not work any more', at: '' };
}
