/**
 * The examples, in a short form: what they claim holds, if less of it.
 */
import { readOnnxMetadata } from 'ridgeline';
import { expect, test } from 'vitest';
import { run as characters } from '../examples/characters.js';
import { run as digits } from '../examples/digits-by-rows.js';
import { draw, run as gan } from '../examples/gan.js';
import { serve, train } from '../examples/language-model.js';
import { run as rDrop } from '../examples/r-drop.js';
import { run as sunspots } from '../examples/sunspots.js';

test('sunspots: a net beats the naive forecast', async () => {
  const { naive, gru } = await sunspots({ epochs: 120, seeds: [1] });
  expect(naive).toBeCloseTo(23.3, 1);
  expect(gru).toBeLessThan(17);
});

test('digits by rows: layer normalization suits the recurrent net', async () => {
  const { mlp, rnn } = await digits({ epochs: 15, seeds: [1] });
  for (const name of ['none', 'batch', 'layer']) expect(mlp?.[name]).toBeGreaterThan(88);
  expect(rnn?.layer).toBeGreaterThan(rnn?.batch as number);
  expect(rnn?.layer).toBeGreaterThan(75);
});

test('characters: languages are told apart', async () => {
  const { accuracy, examples } = await characters({ epochs: 12 });
  expect(accuracy).toBeGreaterThan(0.7);
  expect(Object.values(examples)).toEqual(['English', 'French', 'German']);
});

test('R-drop trains', async () => {
  const found = await rDrop({ epochs: 30, seeds: [1], rows: 200 });
  expect(found.dropout).toBeGreaterThan(85);
  expect(found.rDrop).toBeGreaterThan(85);
});

test('a GAN forges images whose mean is that of the real ones', async () => {
  const { images, before, behind } = await gan({ epochs: 30, count: 50 });
  expect(images.shape).toEqual([50, 64]);
  expect(behind).toBeLessThan(before / 2);
  expect(draw(images.data)).toMatch(/^([ ░▒▓█]{8}\n){7}[ ░▒▓█]{8}$/);
});

test('a language model goes on with a text, and streams it from a route', async () => {
  const language = await train({ epochs: 3 });
  expect(language.perplexity).toBeLessThan(22);
  const server = serve(language);
  const { statusCode, body } = await server.inject('/?text=All%20human&count=20');
  await server.close();
  expect([statusCode, body.length]).toEqual([200, 'All human'.length + 20]);
  expect(body).toMatch(/^All human/);
  const bytes = await language.model.export({ decoder: { maxLength: 64 } });
  expect(readOnnxMetadata(bytes).ops).toContain('MatMul');
});
