/**
 * What an ONNX file says of itself.
 */
import { argumentError } from '../errors.js';
import { guard, native } from '../native.js';

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
 * @throws {RidgelineError} `ERR_ARGUMENT` for what is no Uint8Array, `ERR_IO` for bytes that are no ONNX model.
 */
export function readOnnxMetadata(bytes: Uint8Array): OnnxMetadata {
  if (!(bytes instanceof Uint8Array)) throw argumentError('bytes', 'the bytes of an ONNX file', bytes);
  const { metadata, ...rest } = guard(() => native.readOnnxMetadata(bytes));
  const pairs = Array.from({ length: metadata.length / 2 }, (_, i) => [
    metadata[2 * i] as string,
    metadata[2 * i + 1] as string,
  ]);
  return { ...rest, metadata: Object.fromEntries(pairs) };
}
