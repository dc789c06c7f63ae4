/**
 * ONNX export: the inference graph of a model, to bytes or a file.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { options as checkOptions, integer } from '../core/check.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError } from '../errors.js';
import { guard, native } from '../native.js';
import type { Model } from './model.js';

/** Options of {@link Model.export}. */
export interface ExportOptions {
  /** Version of the operator set, 17 to 25. Default 17: runs on every ONNX Runtime since 1.14. */
  readonly opset?: number | undefined;
}

/** Writes `model` as ONNX to `path`, or returns the bytes. */
export async function exportOnnx(
  model: Model,
  path: string | undefined,
  options: ExportOptions,
): Promise<Uint8Array | void> {
  const { opset = 17 } = checkOptions('export', options, ['opset']);
  integer('opset', opset, 17, 25);
  if (path === '') throw argumentError('path', 'a file name', path);
  const trace = new Trace(false);
  const bytes = trace.run(() => {
    const inputs = model.inputs.map((t, i) => trace.input(model.inputNames[i] as string, t.shape, t.dtype));
    const outputs = model.replay(inputs);
    const header = {
      name: model.name,
      opset,
      doc: `${model.name}: ${model.countParams()} parameters, trained with ridgeline`,
      metadata: ['ridgeline_version', native.runtime().version],
    };
    return guard(() => trace.graph.export(model.outputNames, trace.ids(outputs), header));
  });
  if (path === undefined) return bytes;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new RidgelineError(
      'ERR_IO',
      `cannot write '${path}': ${(error as Error).message}`,
      { argument: 'path', received: path },
      { cause: error },
    );
  }
}

/** What an ONNX file says of itself. */
export interface OnnxMetadata {
  /** Program that wrote it. */
  readonly producer: string;
  /** Version of the operator set. */
  readonly opset: number;
  /** Version of the format. */
  readonly irVersion: number;
  /** Description. */
  readonly doc: string;
  /** Pairs for tools. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Types of the nodes, in order. */
  readonly ops: readonly string[];
}

/**
 * Reads what an ONNX file says of itself, which runtimes in JavaScript do not tell.
 * @throws {RidgelineError} `ERR_IO` for bytes that are no ONNX model.
 */
export function readOnnxMetadata(bytes: Uint8Array): OnnxMetadata {
  const { metadata, ...rest } = guard(() => native.readOnnxMetadata(bytes));
  const pairs = Array.from({ length: metadata.length / 2 }, (_, i) => [
    metadata[2 * i] as string,
    metadata[2 * i + 1] as string,
  ]);
  return { ...rest, metadata: Object.fromEntries(pairs) };
}
