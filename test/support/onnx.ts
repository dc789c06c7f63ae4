/**
 * ONNX: what a model predicts against what ONNX Runtime computes from its export, and the names in a file.
 */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type DType, layers, type Model, Sequential, Tensor, tensor, type Weight } from 'ridgeline';
import { expect } from 'vitest';
import './allclose.js';

/** ONNX Runtime sums in another order, and its erf, exp and tanh are polynomials of their own. */
const TOLERANCE = { absolute: 1e-5, relative: 1e-4 };

/** Batch sizes: one row, an odd number, and more than a vector or a tile holds. */
const BATCHES = [1, 7, 64];

/** A generator of numbers in [0, 1), always the same ones for a seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Elements of an input: floats in [-3, 3) with zeros and integers among them, small indices, or booleans. */
function values(shape: readonly number[], dtype: DType, random: () => number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const float = () => (random() < 0.1 ? Math.floor(random() * 7) - 3 : random() * 6 - 3);
  if (dtype === 'float32') return new Tensor(Float32Array.from({ length: size }, float), shape, dtype);
  if (dtype === 'int32')
    return new Tensor(
      Int32Array.from({ length: size }, () => Math.floor(random() * 4)),
      shape,
      dtype,
    );
  return new Tensor(
    Uint8Array.from({ length: size }, () => Math.floor(random() * 2)),
    shape,
    dtype,
  );
}

/** Gives all weights values without zeros and symmetry; variances stay positive. */
export function randomize(model: Model): void {
  const random = generator(7);
  const value = ({ name, shape }: Weight): Tensor => {
    const size = shape.reduce((a, b) => a * b, 1);
    const draw = () => (name.endsWith('variance') ? 0.5 + random() : 2 * random() - 1);
    return tensor(Float32Array.from({ length: size }, draw), { shape });
  };
  model.setWeights(model.weights.map(value));
}

/** What a comparison may differ in. */
export interface Comparison {
  /** Sizes of the batch. Default 1, 7 and 64. */
  readonly batches?: readonly number[];
  /** Versions of the operator set. Default 17. */
  readonly opsets?: readonly number[];
  /** Sizes that stand in for unknown ones behind the batch, one after the other. Default 5 and 3. */
  readonly sizes?: readonly number[];
  /** Maps what is drawn for an input to what is fed. */
  readonly domain?: (x: number) => number;
}

/** ONNX Runtime's outputs, by name. */
export async function runtimeOutputs(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
  graphOptimizationLevel: 'all' | 'disabled',
): Promise<InferenceSession.OnnxValueMapType> {
  const options = { graphOptimizationLevel, intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = await InferenceSession.create(bytes, options);
  const given = Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
    name,
    new OrtTensor(dtype, data as never, shape),
  ]);
  const outputs = await session.run(Object.fromEntries(given));
  await session.release();
  return outputs;
}

/** Exports `model` with random weights and compares its outputs with ONNX Runtime's for every kind of run. */
export async function expectSameInRuntime(model: Model, comparison: Comparison = {}): Promise<void> {
  const { batches = BATCHES, opsets = [17], sizes = [5, 3], domain = (x) => x } = comparison;
  randomize(model);
  const random = generator(1);
  for (const opset of opsets) {
    const bytes = await model.export({ opset });
    for (const batch of batches) {
      for (const size of model.inputs.some(({ shape }) => shape.slice(1).includes(null)) ? sizes : [0]) {
        const feeds: Record<string, Tensor> = {};
        model.inputs.forEach(({ shape, dtype }, i) => {
          const drawn = values(
            shape.map((d, axis) => d ?? (axis === 0 ? batch : size)),
            dtype,
            random,
          );
          feeds[model.inputNames[i]!] = new Tensor(
            drawn.data.map(domain) as typeof drawn.data,
            drawn.shape,
            dtype,
          );
        });
        const predicted = await model.predict(feeds, { batchSize: 64 });
        const ours = Array.isArray(predicted) ? (predicted as Tensor[]) : [predicted];
        for (const level of ['disabled', 'all'] as const) {
          const theirs = await runtimeOutputs(bytes, feeds, level);
          expect(Object.keys(theirs)).toEqual(model.outputNames);
          model.outputNames.forEach((name, i) => {
            const { data, dims, type } = theirs[name] as OrtTensor;
            const where = `output '${name}', opset ${opset}, batch ${batch}, optimizations ${level}`;
            expect(type, where).toBe(ours[i]!.dtype);
            expect(ours[i], where).toBeAllclose({ data: data as Float32Array, shape: dims }, TOLERANCE);
          });
        }
      }
    }
  }
}

/** A model of one layer. */
export function alone(
  layer: Parameters<Sequential['add']>[0],
  shape: readonly (number | null)[],
  dtype?: DType,
): Model {
  return new Sequential([layers.input(shape, dtype ? { dtype } : {}), layer]);
}

/** Fields of a protocol buffer message, in order: numbers as numbers, everything else as bytes. */
function* fields(bytes: Uint8Array): Generator<[field: number, value: number | Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    if (key % 8 === 0) yield [key >> 3, varint()];
    else {
      const length = key % 8 === 2 ? varint() : 4;
      yield [key >> 3, bytes.subarray(at, at + length)];
      at += length;
    }
  }
}

/** The messages or strings of one field. */
const of = (bytes: Uint8Array, wanted: number): Uint8Array[] =>
  [...fields(bytes)].filter(([field]) => field === wanted).map(([, value]) => value as Uint8Array);
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Names in an ONNX file. */
export interface Names {
  readonly graph: string;
  readonly nodes: string[];
  readonly initializers: string[];
}

/** The names in an ONNX file; field numbers are those of onnx.proto. */
export function namesIn(bytes: Uint8Array): Names {
  const [graph] = of(bytes, 7) as [Uint8Array];
  return {
    graph: text(of(graph, 2)[0]),
    nodes: of(graph, 1).map((node) => text(of(node, 3)[0])),
    initializers: of(graph, 5).map((initializer) => text(of(initializer, 8)[0])),
  };
}

/** The bytes of the initializers in an ONNX file, by name. */
export function initializersIn(bytes: Uint8Array): Map<string, Uint8Array> {
  const [graph] = of(bytes, 7) as [Uint8Array];
  return new Map(of(graph, 5).map((one) => [text(of(one, 8)[0]), of(one, 9)[0] as Uint8Array]));
}
