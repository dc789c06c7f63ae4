/** Early stopping: training ends when the validation loss has not fallen for ten epochs, with the best weights. */
import { callbacks, type FitResult, type Sequential, type TensorInput } from 'ridgeline';

export function trainUntilItStops(model: Sequential, x: TensorInput, y: TensorInput): Promise<FitResult> {
  const stopping = callbacks.earlyStopping({
    monitor: 'val_loss',
    patience: 10,
    restoreBestWeights: true,
  });
  return model.fit(x, y, {
    epochs: 100,
    batchSize: 32,
    validationSplit: 0.2,
    callbacks: [stopping],
  });
}
