/**
 * What is compared with Keras: everything that Keras has stands in a file of golden data, or its values in a test by hand.
 */
import { readdirSync, readFileSync } from 'node:fs';
import {
  activations,
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  optimizers,
  regularizers,
} from 'ridgeline';
import { expect, test } from 'vitest';

const folder = new URL('../golden/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const text = files.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');

/** Where the values are of those that have no golden data. */
const BY_HAND: Record<string, string> = {
  ...{ categoryEncoding: 'encoding', discretization: 'encoding', integerLookup: 'encoding' },
  ...{ rnn: 'cells', stackedRnnCells: 'cells', lstmCell: 'cells', gruCell: 'cells', simpleRnnCell: 'cells' },
  ...{ spatialDropout2d: 'noise', spatialDropout3d: 'noise', lambda: 'layer' },
  ...{ embedding: 'parity/mask-semantics', reversibleEmbedding: 'reversible-embedding' },
  // A training through it is compared in golden/spectral.json, which does not name it.
  spectralNormalization: 'parity/spectral',
  // One of three losses, by its labels.
  crossentropy: 'training-verbs',
};

const { schedules, ...families } = optimizers;
test.each(
  Object.entries({
    ...{ layers, activations, losses, metrics, initializers, regularizers, constraints },
    ...{ optimizers: families, schedules },
  }),
)('%s', (_, family) => {
  const names = Object.keys(family).filter((name) => /^[a-z]/.test(name));
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) {
    if (text.includes(`"${name}"`)) continue;
    const by = BY_HAND[name];
    expect(by, `${name} has no golden case, nor a test by hand that is named here`).toBeDefined();
    const of = readFileSync(new URL(`../${by}.test.ts`, import.meta.url), 'utf8');
    expect(of, `test/${by}.test.ts`).toContain(name);
  }
});
