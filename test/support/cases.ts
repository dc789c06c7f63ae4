/**
 * Tables of bad input: each case fails with a code and names the culprit, and the model it got trains afterwards.
 */
import type { Model } from 'ridgeline';
import { test } from 'vitest';
import { expectFailure, expectTrains, regression } from './small.js';

/** One way to go wrong; `run` gets a compiled regression model. */
export interface Case {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is passed is wrong on purpose.
  readonly run: (model: any) => unknown;
  readonly code: string;
  readonly says: RegExp;
}

/** Objects that are no options, whatever they hold. */
export const notPlain: readonly (readonly [what: string, given: object])[] = [
  ['a Map', new Map([['epochs', 2]])],
  ['a Set', new Set(['epochs'])],
  ['a Date', new Date(0)],
  ['Math', Math],
  ['an object that inherits', Object.create({ epochs: 2 })],
];

/** A test for each case. */
export function table(cases: readonly Case[]): void {
  test.each(cases)('$name', async ({ run, code, says }) => {
    const model: Model = regression();
    await expectFailure(() => run(model), code, says);
    await expectTrains(model);
  });
}
