/**
 * The language of a text, told by its characters alone: paragraphs of the Universal Declaration of Human Rights, cut into
 * pieces of forty characters. The articles to test on are ones that no net has seen in any language.
 *
 *     npx tsx examples/characters.ts
 */
import { input, layers, optimizers, preprocessing, Sequential, setRandomSeed } from 'ridgeline';
import { readDeclaration } from './data/read.js';
import { runIfMain } from './main.js';

const LENGTH = 40;

/** Test accuracy, and the languages of some texts. */
export interface Told {
  readonly accuracy: number;
  readonly examples: Readonly<Record<string, string>>;
}

/** Trains a recurrent net on characters. */
export async function run({ epochs = 25 } = {}): Promise<Told> {
  const { languages, texts } = readDeclaration();
  const names = [...new Set(languages)];
  const places = new Map(names.map((name) => [name, 0]));
  type Piece = { text: string; label: number; isTest: boolean };
  const pieces = texts.flatMap((text, i): Piece[] => {
    const language = languages[i]!;
    const place = places.get(language)!;
    places.set(language, place + 1);
    const count = Math.max(1, Math.floor(text.length / LENGTH));
    const label = names.indexOf(language);
    // The same paragraphs of every language.
    return Array.from({ length: count }, (_, at) => ({
      text: text.slice(at * LENGTH, (at + 1) * LENGTH),
      label,
      isTest: place % 4 === 3,
    }));
  });
  const characters = preprocessing.textVectorization({ split: 'character', outputSequenceLength: LENGTH });
  const learnt = pieces.filter(({ isTest }) => !isTest);
  const tested = pieces.filter(({ isTest }) => isTest);
  await characters.adapt(learnt.map(({ text }) => text));
  const rows = (of: readonly Piece[]) =>
    [characters.call(of.map(({ text }) => text)), of.map(({ label }) => label)] as const;

  setRandomSeed(1);
  const model = new Sequential([
    input({ shape: [null], dtype: 'int32' }),
    layers.embedding(characters.vocabularySize, 16, { maskZero: true }),
    layers.bidirectional(layers.gru(32, { dropout: 0.1 })),
    layers.dropout(0.2),
    layers.dense(names.length, { activation: 'softmax' }),
  ]).compile({
    optimizer: optimizers.adam({ learningRate: 0.004 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  model.preprocessing.characters = characters;
  await model.fit(...rows(learnt), { epochs, batchSize: 32, verbose: 0 });

  const { accuracy } = await model.evaluate(...rows(tested));
  const given = ['The weather is lovely today', 'Il fait beau aujourd’hui', 'Heute ist schönes Wetter'];
  const told = (await model.predict(characters.call(given))).argMax();
  return { accuracy, examples: Object.fromEntries(given.map((text, i) => [text, names[told.data[i]!]!])) };
}

await runIfMain(import.meta.url, run);
