/**
 * The look of bars on a terminal, on standard error; without colours where `NO_COLOR` is set.
 */
import { Presets, SingleBar } from 'cli-progress';

/** A bar of that format, not started yet. */
export function bar(format: string): SingleBar {
  const preset = process.env.NO_COLOR === undefined ? Presets.shades_classic : Presets.legacy;
  // The cursor stays: a process that is ended in between would leave it hidden.
  const look = { barsize: 24, stream: process.stderr, clearOnComplete: false, hideCursor: false };
  return new SingleBar({ format, ...look }, preset);
}
