/** Dropout acts where a call is told that it is for training, which `fit` says by itself. */
import { layers, type Tensor, tensor } from 'ridgeline';

const dropout = layers.dropout(0.5, { seed: 42 });
const x = tensor([[1, 2, 3, 4, 5]]);

/** Half of the numbers are 0, the others twice as large. */
export const inTraining = (): Tensor => dropout(x, { training: true });
/** The numbers themselves. */
export const inInference = (): Tensor => dropout(x, { training: false });
