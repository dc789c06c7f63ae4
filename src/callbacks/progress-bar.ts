/**
 * The progress bar: a bar an epoch on a terminal, a line an epoch elsewhere; always on standard error.
 */
import type { SingleBar } from 'cli-progress';
import { bar } from './bar.js';
import { Callback } from './callback.js';
import { type Logs, logsText } from './logs.js';
import type { TrainingContext } from './trained-model.js';

/** Redraws a second; training is asked for its place, not interrupted. */
const RATE = 10;

/** See {@link progressBar}. */
export class ProgressBar extends Callback {
  readonly #lines: boolean;
  #bar: SingleBar | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  // Kept, since a model that is disposed of meanwhile no longer tells.
  #training!: TrainingContext;

  /** @param style `bar`, or `line` for one line an epoch. Default: `bar` on a terminal. */
  constructor(style?: 'bar' | 'line') {
    super();
    this.#lines = style === 'line' || (style === undefined && !process.stderr.isTTY);
  }

  override onTrainBegin(): void {
    this.#training = this.model.training;
  }

  override onEpochBegin(epoch: number): void {
    if (this.#lines) return;
    this.#bar = bar(`Epoch ${epoch + 1}/${this.#training.epochs} {bar} {value}/{total} {logs}`);
    this.#bar.start(1, 0, { logs: '' });
    this.#timer = setInterval(() => this.#draw(), 1000 / RATE);
    this.#timer.unref();
  }

  #draw(): void {
    const place = this.#training.progress();
    if (!place || place.batches === 0) return;
    this.#bar?.setTotal(place.batches);
    this.#bar?.update(place.batch, { logs: logsText({ loss: place.loss }) });
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    if (this.#lines) {
      process.stderr.write(`Epoch ${epoch + 1}/${this.#training.epochs} - ${logsText(logs)}\n`);
      return;
    }
    clearInterval(this.#timer);
    const batches = this.#training.progress()?.batches ?? 1;
    this.#bar?.setTotal(batches);
    this.#bar?.update(batches, { logs: logsText(logs) });
    this.#bar?.stop();
    this.#bar = undefined;
  }

  override onTrainEnd(): void {
    clearInterval(this.#timer);
    this.#bar?.stop();
  }
}

/** A progress bar, which `fit` adds by itself where `verbose` asks for one. */
export const progressBar = (style?: 'bar' | 'line'): ProgressBar => new ProgressBar(style);
