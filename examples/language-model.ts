/**
 * A small causal language model of characters: it learns the English text of the Universal Declaration of Human Rights, goes on
 * with a sentence, streams from a route of a Fastify server, and is exported with what it keeps of the steps before.
 *
 *     npx tsx examples/language-model.ts          # trains, and goes on with a sentence
 *     npx tsx examples/language-model.ts 3000     # serves: curl 'localhost:3000/?text=Everyone%20has'
 */
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import {
  input,
  Layer,
  layers,
  losses,
  Model,
  ops,
  optimizers,
  preprocessing,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { readDeclaration } from './data/read.js';
import { runIfMain } from './main.js';

const [WIDTH, HEADS] = [64, 4];
/** Characters of a piece to learn from: no more can be gone on with, since later places are unknown. */
const LENGTH = 128;

/** Attention to what went before, and a small net for each step, both beside a way around them (pre-norm). */
class Block extends Layer {
  static override readonly className = 'Block';
  readonly #attend = layers.multiHeadAttention(HEADS, WIDTH / HEADS, { dropout: 0.1 });
  readonly #wide = layers.dense(4 * WIDTH, { activation: 'gelu' });
  readonly #narrow = layers.dense(WIDTH);
  readonly #first = layers.layerNormalization();
  readonly #second = layers.layerNormalization();
  readonly #drop = layers.dropout(0.1);
  override call(x: SymbolicTensor): SymbolicTensor {
    const before = this.#first(x);
    const seen = this.#attend(before, before, undefined, { useCausalMask: true }) as SymbolicTensor;
    const behind = ops.add(x, seen);
    const made = this.#narrow(this.#wide(this.#second(behind)));
    return ops.add(behind, this.#drop(made));
  }
}

/** A trained model, and how texts become tokens and back. */
export interface Language {
  readonly model: Model;
  /** Perplexity of a character of the text. */
  readonly perplexity: number;
  encode(text: string): number[];
  decode(token: number): string;
}

/** Trains on pieces of the text. */
export async function train({ epochs = 40 } = {}): Promise<Language> {
  const { languages, texts } = readDeclaration();
  const text = texts.filter((_, i) => languages[i] === 'English').join('\n');
  const characters = preprocessing.textVectorization({ split: 'character', standardize: null });
  await characters.adapt([text]);
  const all = [...characters.call([text]).data].map(Number);
  const starts = Array.from({ length: Math.floor((all.length - LENGTH - 1) / 16) }, (_, i) => 16 * i);
  const pieces = (shift: number) =>
    tensor(
      starts.map((at) => all.slice(at + shift, at + shift + LENGTH)),
      { dtype: 'int32' },
    );

  setRandomSeed(1);
  const tokens = input({ shape: [null], dtype: 'int32' });
  const words = layers.embedding(characters.vocabularySize, WIDTH)(tokens);
  let x = layers.add()([words, layers.sinePositionEncoding()(words)]);
  for (let i = 0; i < 2; i++) x = new Block()(x);
  const logits = layers.dense(characters.vocabularySize)(layers.layerNormalization()(x) as never);
  const model = new Model({ inputs: tokens, outputs: logits, name: 'language' });
  model.preprocessing.characters = characters;
  model.compile({
    optimizer: optimizers.adamW({ learningRate: 2e-3, weightDecay: 0.01 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
  });
  await model.fit(pieces(0), pieces(1), { epochs, batchSize: 32, verbose: 0 });
  const { loss } = await model.evaluate(pieces(0), pieces(1));

  const vocabulary = characters.vocabulary as readonly string[];
  return {
    model: model as Model,
    perplexity: Math.exp(loss),
    encode: (text) => [...characters.call([text]).data].map(Number),
    decode: (token) => vocabulary[token - 2] ?? '',
  };
}

/** A server whose route goes on with `?text=`, character by character as they come. */
export function serve({ model, encode, decode }: Language): FastifyInstance {
  const server = fastify();
  server.get<{ Querystring: { text?: string; count?: string } }>('/', (request, reply) => {
    const { text = 'Everyone has', count = '110' } = request.query;
    async function* characters() {
      yield text;
      const options = { maxNewTokens: Number(count), temperature: 0.6, topK: 8 };
      for await (const token of model.stream(encode(text), options)) yield decode(token);
    }
    return reply.type('text/plain; charset=utf-8').send(Readable.from(characters()));
  });
  return server;
}

await runIfMain(import.meta.url, async () => {
  const language = await train();
  console.log(`perplexity of a character: ${language.perplexity.toFixed(2)}`);
  // Tokens in, logits and what is kept of the steps out.
  await language.model.export('language.onnx', { decoder: { maxLength: 256 } });
  const port = process.argv[2];
  if (port) return serve(language).listen({ port: Number(port) });
  const tokens = await language.model.generate(language.encode('Everyone has'), {
    maxNewTokens: 110,
    temperature: 0.6,
    topK: 8,
    seed: 1,
  });
  return tokens.map(language.decode).join('');
});
