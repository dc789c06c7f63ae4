/**
 * ONNX export: the inference graph of a network, to bytes or a file.
 */
import { options as checkOptions, integer } from '../core/check.js';
import { type FilePath, filePath, ofFile } from '../core/file-path.js';
import { Trace } from '../core/trace.js';
import { guard, native } from '../native.js';
import { type Network, traceInputs } from './network.js';

/** Options of {@link Model.export}. */
export interface ExportOptions {
  /** Version of the operator set, 17 to 25. Default 17: runs on every ONNX Runtime since 1.14. */
  readonly opset?: number | undefined;
}

/**
 * Writes `network` as ONNX to `path`, or returns the bytes. A state that goes from batch to batch, such as
 * `lstm/rnn_state`, is an input of the file, and with `_next` behind its name an output.
 * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT`, `ERR_EXPORT` naming the layer without an ONNX form, `ERR_IO`.
 */
export async function exportOnnx(
  network: Network & { countParams(): number },
  path: FilePath | undefined,
  options: ExportOptions,
): Promise<Uint8Array | void> {
  const { opset = 17 } = checkOptions('export', options, ['opset']);
  integer('opset', opset, 17, 25);
  const file = path === undefined ? undefined : filePath('path', path);
  const trace = new Trace(false);
  const exported = trace.run(() => {
    const inputs = traceInputs(network, trace);
    // A graph in ONNX keeps nothing: what goes from batch to batch comes in and goes out.
    for (const weight of network.weights.filter(({ isCarried }) => isCarried))
      trace.assigned.set(weight, [trace.input(weight.path, weight.shape, weight.dtype)]);
    const outputs = network.graph.replay(inputs);
    const { carried, next } = trace.carried();
    const names = [...network.outputNames, ...carried.map(({ path }) => `${path}_next`)];
    const header = {
      name: network.name,
      opset,
      doc: `${network.name}: ${network.countParams()} parameters, trained with ridgeline`,
      metadata: ['ridgeline_version', native.runtime().version],
    };
    return guard(() => trace.graph.export(names, trace.ids([...outputs, ...next]), header, file));
  });
  return ofFile(file ?? '', await exported).bytes;
}
