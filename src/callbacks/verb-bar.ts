/**
 * The progress of an evaluation or a prediction: a bar of batches on a terminal, or a line in the end, on standard error.
 */
import type { SingleBar } from 'cli-progress';
import { bar } from './bar.js';
import { Callback, type FollowedParams } from './callback.js';
import { type Logs, logsText } from './logs.js';

/** See the module documentation. */
export class VerbBar extends Callback {
  readonly #lines: boolean;
  #steps: number | undefined;
  #bar: SingleBar | undefined;

  constructor(style: 'bar' | 'line') {
    super();
    this.#lines = style === 'line';
  }

  override setParams({ steps }: FollowedParams): void {
    this.#steps = steps;
  }

  #begin(): void {
    if (this.#lines) return;
    this.#bar = bar('{bar} {value}/{total} {logs}');
    this.#bar.start(this.#steps ?? 1, 0, { logs: '' });
  }

  #update(batches: number, logs: Logs): void {
    this.#bar?.setTotal(Math.max(this.#steps ?? 0, batches));
    this.#bar?.update(batches, { logs: logsText(logs) });
  }

  /** Ends the bar, whatever became of what it shows: it draws itself again and again until then. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #end(text: string): void {
    this.stop();
    if (this.#lines) process.stderr.write(`${text}\n`);
  }

  override onTestBegin(): void {
    this.#begin();
  }
  override onTestBatchEnd(batch: number, logs: Logs): void {
    this.#update(batch + 1, logs);
  }
  override onTestEnd(logs: Logs): void {
    this.#end(logsText(logs));
  }
  override onPredictBegin(): void {
    this.#begin();
  }
  override onPredictBatchEnd(batch: number): void {
    this.#update(batch + 1, {});
  }
  override onPredictEnd(): void {
    this.#end('predicted');
  }
}
