/**
 * Whatever is called with whatever arguments: it succeeds or fails with a `RidgelineError`, and ends.
 *
 * A case is code that a seed stands for. `RIDGELINE_FUZZ_SEED=7` runs one case again, `RIDGELINE_FUZZ_SEED=7+1000` a
 * thousand of them.
 */
import { env } from 'node:process';
import * as ridgeline from 'ridgeline';
import { expect, test } from 'vitest';
import { long } from '../support/long.js';
import { campaign, type Found } from './campaign.js';
import { codeOf } from './cases.js';

const [first = 1, count = 1] = env.RIDGELINE_FUZZ_SEED
  ? env.RIDGELINE_FUZZ_SEED.split('+').map(Number)
  : [1, long ? 300_000 : 2500];

/** Faults that are likely one: they say the same, numbers and quotations apart, at the same place. */
const kindOf = ({ what, at }: Found): string => `${what.replaceAll(/\d+|'.*?'/g, '…')} ${at}`;

function report(found: readonly Found[]): string {
  const kinds = new Map<string, Found[]>();
  for (const one of found) kinds.set(kindOf(one), [...(kinds.get(kindOf(one)) ?? []), one]);
  const texts = [...kinds.values()].map(([one, ...others]) => {
    const { seed, what, at } = one as Found;
    const more = others.length > 0 ? ` (and ${others.length} like it)` : '';
    return `seed ${seed}: ${what}\n  ${at}${more}\n${codeOf(seed).replaceAll(/^/gm, '    ')}`;
  });
  return texts.join('\n\n');
}

/** Names of all functions and classes, with the spaces that they are in. */
function functionsIn(space: object, prefix = ''): string[] {
  return Object.entries(space).flatMap(([name, of]) =>
    typeof of === 'function' ? [prefix + name] : functionsIn(of as object, `${prefix}${name}.`),
  );
}

/** Made by the package alone: their constructors are hidden. */
const HIDDEN = ['Tensor', 'SymbolicTensor', 'Weight'];

test('cases use all that the package exports', () => {
  const seeds = Array.from({ length: 16_000 }, (_, seed) => seed);
  const used = new Set(seeds.flatMap((seed) => codeOf(seed).match(/[\w.]+/g) ?? []));
  expect(functionsIn(ridgeline).filter((name) => !used.has(name) && !HIDDEN.includes(name))).toEqual([]);
});

test(
  `${count} cases from seed ${first}`,
  async () => {
    const found = await campaign(first, count);
    if (found.length > 0) expect.fail(`${found.length} faults\n\n${report(found)}`);
  },
  long || count > 5000 ? 3_600_000 : 120_000,
);
