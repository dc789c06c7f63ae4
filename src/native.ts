/**
 * The one place that loads the native binary: beside the package in a checkout, else the platform package.
 */
import { createRequire } from 'node:module';
import type * as Binding from '../index.js';
import { type ErrorCode, RidgelineError } from './errors.js';

export type {
  NativeCheckpoint,
  NativeCounters,
  NativeData,
  NativeEvaluator,
  NativeEvent,
  NativeEventFile,
  NativeGraph,
  NativeMoment,
  NativeOptimizer,
  NativePrediction,
  NativePredictor,
  NativeRun,
  NativeSchedule,
  NativeSignal,
  NativeTensor,
  NativeTotals,
  NativeTraced,
  NativeTrainable,
  NativeTrainer,
  NativeValue,
  NativeVariable,
} from '../index.js';

/** Name of this platform among the prebuilt binaries. */
function platform(): string {
  if (process.platform !== 'linux') {
    return process.platform === 'win32'
      ? `win32-${process.arch}-msvc`
      : `${process.platform}-${process.arch}`;
  }
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return `linux-${process.arch}-${report?.header?.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

function load(): typeof Binding {
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  const name = platform();
  for (const path of [`../ridgeline.${name}.node`, `@ridgeline/binding-${name}`]) {
    try {
      return require(path) as typeof Binding;
    } catch (error) {
      tried.push(`  ${path}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  throw new RidgelineError(
    'ERR_NATIVE',
    `ridgeline has no native binary for ${name}. Tried:\n${tried.join('\n')}\n` +
      'Reinstall with optional dependencies enabled, or build from source with `npm run build`.',
  );
}

/** The native core. */
export const native: typeof Binding = load();

/** Runs native code; its errors become {@link RidgelineError}s. */
export function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw RidgelineError.fromNative(error);
  }
}

/** What native work gave, unless it tells of a failure: that is thrown. */
export function succeeded<T extends { readonly failure?: Binding.Failure }>(event: T): T {
  const { failure } = event;
  if (failure) throw RidgelineError.inLayer(failure.code as ErrorCode, failure.message, failure.layer);
  return event;
}
