/**
 * ONNX export: the inference graph of a network, to bytes or a file.
 */
import { boolean, options as checkOptions, count, integer } from '../core/check.js';
import { type FilePath, filePath, ofFile } from '../core/file-path.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import { guard, native } from '../native.js';
import { type ClassLabels, labelsOf } from './class-labels.js';
import { traceSteps } from './decoder.js';
import { type Network, traceInputs } from './network.js';
import { type Json, numberText } from './saved-file.js';
import { describePreprocessing } from './saving.js';
import { checkSteps } from './step-check.js';

/** Options of {@link Model.export}. */
export interface ExportOptions {
  /** Version of the operator set, 17 to 25. Default 17: runs on every ONNX Runtime since 1.14. */
  readonly opset?: number | undefined;
  /** Adds an output of texts, `<name>_label`, for each output that has `classLabels`. Default false. */
  readonly labels?: boolean | undefined;
  /**
   * Writes the model as what goes on with sequences, for generation: its input are the next tokens `[batchSize, steps]`; what
   * layers keep of the steps before, such as keys and values of attention, are inputs, zeros at first, and with `_next`
   * behind their names outputs.
   */
  readonly decoder?: DecoderOptions | undefined;
}

/** What a decoder is exported for. */
export interface DecoderOptions {
  /** The most steps of a sequence: running it for more is an error of the runtime. */
  readonly maxLength: number;
  /** Sequences side by side. Default 1. */
  readonly batchSize?: number | undefined;
}

/** What is exported. */
export interface Exported extends Network {
  countParams(): number;
  readonly preprocessing: Readonly<Record<string, unknown>>;
  readonly classLabels: ClassLabels | undefined;
}

/**
 * Writes `network` as ONNX to `path`, or returns the bytes. A state that goes from batch to batch, such as
 * `lstm/rnn_state`, is an input of the file, and with `_next` behind its name an output.
 * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT`, `ERR_EXPORT` naming the layer without an ONNX form, `ERR_IO`.
 */
export async function exportOnnx(
  network: Exported,
  path: FilePath | undefined,
  options: ExportOptions,
): Promise<Uint8Array | void> {
  const given = checkOptions<ExportOptions>('export', options, ['opset', 'labels', 'decoder']);
  const { opset = 17, labels: withLabels = false } = given;
  const decoder =
    given.decoder && checkOptions<DecoderOptions>('decoder', given.decoder, ['maxLength', 'batchSize']);
  const [rows, length] = decoder
    ? [count('batchSize', decoder.batchSize ?? 1), count('maxLength', decoder.maxLength)]
    : [0, 0];
  integer('opset', opset, 17, 25);
  const file = path === undefined ? undefined : filePath('path', path);
  const labels = labelsOf(network, network.classLabels);
  if (boolean('labels', withLabels) && labels.length === 0)
    throw argumentError('labels', 'false without classLabels', true);
  const classes = Object.fromEntries(
    labels.map(({ output, labels }) => [network.outputNames[output] as string, labels]),
  );
  const steps = describePreprocessing(network.preprocessing, {});
  if (decoder) await checkSteps(network);
  network.locate('');
  const trace = new Trace(false);
  const exported = trace.run(() => {
    const outputs = decoder
      ? [traceSteps(network, trace, rows, length, true).output]
      : traceOpen(network, trace);
    const { carried, next } = trace.carried();
    const names = [...network.outputNames, ...carried.map(({ path }) => `${path}_next`)];
    const header = {
      name: network.name,
      opset,
      doc: `${network.name}: ${network.countParams()} parameters, trained with ridgeline`,
      metadata: [
        ...['ridgeline_version', native.runtime().version],
        ...(labels.length > 0 ? ['class_labels', JSON.stringify(classes)] : []),
      ],
      labels: withLabels ? labels : [],
      ...(file !== undefined && Object.keys(steps).length > 0 ? { beside: beside(file, steps) } : {}),
    };
    return guard(() => trace.graph.export(names, trace.ids([...outputs, ...next]), header, file));
  });
  return ofFile(file ?? '', await exported).bytes;
}

/** The steps before a model as a file's text, and the file: `model.preprocessing.json` beside `model.onnx`. */
function beside(file: string, steps: Readonly<Record<string, Json>>): [text: string, file: string] {
  const text = `${JSON.stringify(steps, numberText, 2)}\n`;
  return [text, `${file.replace(/\.onnx$/i, '')}.preprocessing.json`];
}

/** The outputs of a network. A graph in ONNX keeps nothing: what goes from batch to batch comes in and goes out. */
function traceOpen(network: Network, trace: Trace): SymbolicTensor[] {
  const inputs = traceInputs(network, trace);
  for (const weight of network.variables.filter(({ isCarried }) => isCarried))
    trace.assigned.set(weight, [trace.input(weight.path, weight.shape, weight.dtype)]);
  return network.graph.replay(inputs);
}
