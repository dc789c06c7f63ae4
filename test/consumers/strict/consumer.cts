/**
 * The same as a CommonJS module, which `require` loads.
 */
import ridgeline = require('ridgeline');

const { layers, Sequential } = ridgeline;

async function predict(): Promise<ridgeline.Tensor> {
  const model = new Sequential([ridgeline.input([2]), layers.dense(1)]);
  return model.predict([[1, 2]]);
}

export = predict;
