/**
 * Every layer with its options: what it predicts is what ONNX Runtime computes.
 */
import { layers, ops, regularizers, type SymbolicTensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { alone, expectSameInRuntime } from '../support/onnx.js';

type Shape = readonly (number | null)[];
type Case = readonly [layer: () => layers.Layer, ...shapes: Shape[]];

const { batchNormalization, dense, layerNormalization, normalization, prelu, relu, softmax } = layers;

/** By class: layers, each with the shapes it is tried on. */
const CASES: Record<string, readonly Case[]> = {
  Dense: [
    [() => dense(3), [4], [5, 4], [2, 3, 4], [null, 4]],
    [() => dense(1), [4]],
    [() => dense(17), [33]],
    [() => dense(3, { useBias: false }), [4], [5, 4]],
    [() => dense(3, { activation: 'relu' }), [4], [5, 4]],
    [() => dense(3, { activation: 'softmax' }), [4], [5, 4]],
    [() => dense(3, { kernelRegularizer: 'l2', activityRegularizer: regularizers.l1(0.1) }), [4]],
  ],
  Activation: [[() => layers.activation('tanh'), [4], [null, 4]]],
  ReLU: [
    [() => relu(), [6], [2, 6]],
    [() => relu({ maxValue: 1 }), [6]],
    [() => relu({ negativeSlope: 0.1 }), [6]],
    [() => relu({ threshold: 0.5 }), [6]],
    [() => relu({ maxValue: 2, negativeSlope: 0.25, threshold: 1 }), [6]],
  ],
  LeakyReLU: [
    [() => layers.leakyRelu(), [6]],
    [() => layers.leakyRelu({ negativeSlope: 0.01 }), [6]],
  ],
  ELU: [
    [() => layers.elu(), [6]],
    [() => layers.elu({ alpha: 0.3 }), [6]],
  ],
  Softmax: [
    [() => softmax(), [6], [5, 6]],
    [() => softmax({ axis: 1 }), [5, 6], [2, 3, 4]],
    [() => softmax({ axis: -2 }), [2, 3, 4]],
  ],
  PReLU: [
    [() => prelu(), [6], [5, 6]],
    [() => prelu({ sharedAxes: [1] }), [5, 6], [null, 6]],
    [() => prelu({ sharedAxes: [1, 2] }), [3, 4, 5]],
  ],
  BatchNormalization: [
    [() => batchNormalization(), [6], [5, 6], [3, 4, 6], [null, 6]],
    [() => batchNormalization({ axis: 1 }), [5, 6], [3, 4, 6]],
    [() => batchNormalization({ axis: 2 }), [3, 4, 6]],
    [() => batchNormalization({ center: false }), [6], [5, 6]],
    [() => batchNormalization({ scale: false }), [6], [5, 6]],
    [() => batchNormalization({ center: false, scale: false, epsilon: 0.1 }), [6]],
    [() => batchNormalization({ trainable: false }), [6]],
  ],
  LayerNormalization: [
    [() => layerNormalization(), [6], [5, 6], [null, 6]],
    [() => layerNormalization({ axis: 1 }), [5, 6], [3, 4, 6]],
    [() => layerNormalization({ axis: [1, 2] }), [5, 6], [3, 4, 6]],
    [() => layerNormalization({ axis: [1, 3] }), [3, 4, 6]],
    [() => layerNormalization({ center: false }), [6]],
    [() => layerNormalization({ scale: false }), [6], [5, 6]],
    [() => layerNormalization({ center: false, scale: false, epsilon: 0.1 }), [6]],
  ],
  Dropout: [
    [() => layers.dropout(0.5), [6], [5, 6]],
    [() => layers.dropout(0.5, { noiseShape: [null, 1] }), [6]],
  ],
  GaussianDropout: [[() => layers.gaussianDropout(0.5), [6]]],
  GaussianNoise: [[() => layers.gaussianNoise(0.5), [5, 6]]],
  AlphaDropout: [[() => layers.alphaDropout(0.5), [6]]],
  SpatialDropout1D: [[() => layers.spatialDropout1d(0.5), [5, 6]]],
  SpatialDropout2D: [[() => layers.spatialDropout2d(0.5), [3, 4, 2]]],
  SpatialDropout3D: [[() => layers.spatialDropout3d(0.5), [2, 3, 2, 2]]],
  ActivityRegularization: [[() => layers.activityRegularization({ l1: 0.1 }), [6]]],
  Identity: [[() => layers.identity(), [6], [null, 6]]],
  Lambda: [[() => layers.lambda((x: SymbolicTensor) => ops.square(x)), [6]]],
  UnitNormalization: [
    [() => layers.unitNormalization(), [6], [5, 6]],
    [() => layers.unitNormalization({ axis: [1, 2] }), [5, 6]],
  ],
  RMSNormalization: [
    [() => layers.rmsNormalization(), [6], [null, 6]],
    [() => layers.rmsNormalization({ axis: 1 }), [5, 6]],
  ],
  GroupNormalization: [
    [() => layers.groupNormalization({ groups: 2 }), [6], [5, 6], [3, 4, 6]],
    [() => layers.groupNormalization({ groups: -1, axis: 1 }), [5, 6]],
    [() => layers.groupNormalization({ groups: 3, center: false, scale: false }), [null, 6]],
  ],
  Permute: [
    [() => layers.permute([2, 1]), [5, 6], [null, 6]],
    [() => layers.permute([3, 1, 2]), [3, 4, 6]],
  ],
  SpectralNormalization: [[() => layers.spectralNormalization(dense(3, { activation: 'relu' })), [6]]],
  RepeatVector: [[() => layers.repeatVector(3), [6]]],
  CategoryEncoding: [
    [() => layers.categoryEncoding(4), [6]],
    [() => layers.categoryEncoding(4, { outputMode: 'oneHot' }), [1], [6]],
    [() => layers.categoryEncoding(4, { outputMode: 'count' }), [6], [2, 6]],
  ],
  Discretization: [
    [() => layers.discretization([-1, 0.5]), [6]],
    [() => layers.discretization([-1, 0.5], { outputMode: 'multiHot' }), [6]],
    [() => layers.discretization([-1, 0.5], { outputMode: 'oneHot' }), [1]],
  ],
  IntegerLookup: [
    [() => layers.integerLookup({ vocabulary: [2, -1, 0], oovToken: 9 }), [6], [5, 6]],
    [() => layers.integerLookup({ vocabulary: [7, 5], numOovIndices: 3, maskToken: 0 }), [6]],
    [() => layers.integerLookup({ vocabulary: [1], maskToken: 0, outputMode: 'count' }), [6]],
    [() => layers.integerLookup({ vocabulary: [7, 5], invert: true }), [6]],
    [
      () =>
        layers.integerLookup({
          vocabulary: [1, -2],
          outputMode: 'tfIdf',
          idfWeights: [0.5, 2],
          maxTokens: 5,
          padToMaxTokens: true,
        }),
      [6],
    ],
    // Every token that comes up.
    [
      () =>
        layers.integerLookup({
          vocabulary: Array.from({ length: 99 }, (_, i) => i - 49),
          numOovIndices: 0,
          oovToken: 99,
        }),
      [6],
    ],
  ],
  Flatten: [
    [() => layers.flatten(), [], [6], [5, 6], [2, 3, 4]],
    [() => layers.flatten({ dataFormat: 'channelsFirst' }), [6], [5, 6], [2, 3, 4]],
  ],
  Reshape: [
    [() => layers.reshape([2, 3]), [6], [3, 2]],
    [() => layers.reshape([-1, 2]), [6], [2, 3, 4], [null, 6]],
    [() => layers.reshape([1, 6, 1]), [6]],
  ],
  Normalization: [
    [() => normalization(), [6], [5, 6]],
    [() => normalization({ axis: 1 }), [5, 6]],
    [() => normalization({ axis: [1, 2] }), [5, 6]],
    [() => normalization({ axis: null }), [6], [5, 6]],
    [() => normalization({ invert: true }), [6]],
    [() => normalization({ mean: [1, 2, 3], variance: [4, 5, 6] }), [3], [null, 3]],
  ],
  EinsumDense: [
    [() => layers.einsumDense('abc,cd->abd', [null, 4], { biasAxes: 'd' }), [5, 6], [null, 6]],
    [() => layers.einsumDense('abc,cde->abde', [null, 2, 4], { biasAxes: 'de' }), [5, 6]],
    [() => layers.einsumDense('abc,bd->adc', [4, 6]), [5, 6]],
  ],
  Masking: [[() => layers.masking(), [5, 1], [null, 6]]],
  GlobalAveragePooling1D: [
    [() => layers.globalAveragePooling1d(), [5, 6], [null, 6]],
    [() => layers.globalAveragePooling1d({ dataFormat: 'channelsFirst', keepdims: true }), [5, 6]],
  ],
  GlobalMaxPooling1D: [[() => layers.globalMaxPooling1d(), [5, 6], [null, 6]]],
  TimeDistributed: [[() => layers.timeDistributed(dense(3, { activation: 'relu' })), [5, 6], [null, 4]]],
  Rescaling: [
    [() => layers.rescaling(0.5), [6]],
    [() => layers.rescaling(1 / 255, { offset: -1 }), [5, 6]],
  ],
};

/** Recurrent layers and attention, which sequences.test.ts has, and what has a test of its own. */
const SEQUENCES = [
  ...['AdditiveAttention', 'Attention', 'Bidirectional', 'Embedding', 'GRU', 'GroupQueryAttention', 'LSTM'],
  ...['GRUCell', 'LSTMCell', 'MultiHeadAttention', 'RNN', 'ReversibleEmbedding', 'SimpleRNN'],
  ...['RotaryEmbedding', 'SimpleRNNCell', 'SinePositionEncoding'],
];
/** Layers with several inputs, which models.test.ts has. */
const ELSEWHERE = ['Add', 'Average', 'Concatenate', 'Dot', 'Maximum', 'Minimum', 'Multiply', 'Subtract'];

test('every layer has a case', () => {
  const classes = Object.entries(layers).filter(
    ([name, value]) => /^[A-Z]/.test(name) && 'className' in (value as object),
  );
  const names = classes.map(([name]) => name).filter((name) => name !== 'Layer');
  expect([...Object.keys(CASES), ...SEQUENCES, ...ELSEWHERE].sort()).toEqual(names.sort());
});

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  const runs = cases.flatMap(([layer, ...shapes]) =>
    shapes.map((shape) => ({ layer, shape, source: String(layer).slice(6) })),
  );
  test.each(runs)('$source on [batch, $shape]', async ({ layer, shape }) => {
    await expectSameInRuntime(alone(layer(), shape));
  });
});

describe.each([18, 21, 25])('opset %i', (opset) => {
  test.each(Object.entries(CASES))('%s', async (_, cases) => {
    for (const [layer, ...shapes] of cases) {
      for (const shape of shapes)
        await expectSameInRuntime(alone(layer(), shape), { opsets: [opset], batches: [7] });
    }
  });
});
