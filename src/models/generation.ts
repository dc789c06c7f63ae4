/**
 * Generation: a model of sequences goes on with some, one token at a time, each drawn from what it gives for the last.
 */
import {
  options as checkOptions,
  threads as checkThreads,
  count,
  integer,
  isIndex,
  number,
} from '../core/check.js';
import { nextSeed } from '../core/random.js';
import { Tensor } from '../core/tensor.js';
import { inTurns, type Work } from '../core/turns.js';
import { generator } from '../data/rows.js';
import { argumentError, RidgelineError } from '../errors.js';
import { Decoder } from './decoder.js';
import { type Drawing, draw } from './drawing.js';
import type { Network } from './network.js';
import { checkSignal, type Signal } from './signal.js';
import { checkSteps } from './step-check.js';

/** Options of {@link Model.generate}. */
export interface GenerateOptions {
  /** Tokens to add at most, up to 2²⁰: memory is taken for all of them. Default 32. */
  readonly maxNewTokens?: number | undefined;
  /** Logits are divided by it: below 1 likely tokens become likelier, at 0 the likeliest is taken. Default 1. */
  readonly temperature?: number | undefined;
  /** Only so many of the likeliest tokens are drawn from. Default all. */
  readonly topK?: number | undefined;
  /** Only the likeliest tokens whose probabilities add up to this are drawn from, in (0, 1]. Default 1. */
  readonly topP?: number | undefined;
  /** A token that ends a sequence, itself included, or several. Default none. */
  readonly stopToken?: number | readonly number[] | undefined;
  /** Seed of what is drawn. Default the next of `setRandomSeed`. */
  readonly seed?: number | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
  /** Ends it before the next token: it rejects with the signal's reason. */
  readonly signal?: Signal | undefined;
}

/** Tokens of one sequence, or of several; int32 where they are a tensor. */
export type Prompt = readonly number[] | readonly (readonly number[])[] | Tensor;
/** Sequences, as the prompt stands. */
export type Generated<P extends Prompt> = P extends readonly number[]
  ? number[]
  : P extends Tensor
    ? number[] | number[][]
    : number[][];

/** Tokens of a sequence: memory is taken for all of them. */
const MOST_TOKENS = 2 ** 20;
/** Steps that are shown at a time: what looks at the steps before them takes memory for both. */
const SHOWN = 256;
/** Lengths of decoders are multiples of it, so that one serves again. */
const STEP = 64;
/** Decoders that wait for another sequence. */
const KEPT = 4;

/** Checked options. */
interface Settings extends Drawing {
  readonly most: number;
  readonly stops: ReadonlySet<number>;
  readonly threads: number | undefined;
  readonly signal: Signal | undefined;
}

function settings(options: GenerateOptions): Settings {
  const drawing = ['temperature', 'topK', 'topP', 'stopToken', 'seed'] as const;
  const names = ['maxNewTokens', ...drawing, 'threads', 'signal'] as const;
  const given = checkOptions<GenerateOptions>('generate', options, names);
  const { temperature = 1, topP = 1, topK, stopToken, seed } = given;
  checkThreads(given.threads);
  return {
    most: integer('maxNewTokens', given.maxNewTokens ?? 32, 1, MOST_TOKENS),
    temperature: number('temperature', temperature, '≥ 0', (t) => t >= 0),
    topK: topK === undefined ? Number.POSITIVE_INFINITY : count('topK', topK),
    topP: number('topP', topP, 'in (0, 1]', (p) => p > 0 && p <= 1),
    stops: new Set([stopToken ?? []].flat().map((token) => integer('stopToken', token, 0))),
    random: generator(seed === undefined ? nextSeed() : integer('seed', seed, 0)),
    threads: given.threads,
    signal: checkSignal(given.signal),
  };
}

const isTokens = (prompt: unknown): prompt is Tensor => prompt instanceof Tensor && prompt.dtype === 'int32';

/** Prompts as rows. */
function rowsOf(prompt: unknown): number[][] {
  const isRow = (row: unknown): row is ArrayLike<number> =>
    (Array.isArray(row) || ArrayBuffer.isView(row)) &&
    (row as unknown as ArrayLike<number>).length > 0 &&
    (row as unknown as ArrayLike<number>).length <= MOST_TOKENS &&
    Array.from(row as ArrayLike<number>).every(isIndex);
  const given = isTokens(prompt) ? prompt.toArray() : prompt;
  const rows = isRow(given) ? [given] : given;
  // Holes are nothing to `every`.
  if (Array.isArray(rows) && rows.length > 0 && rows.length <= MOST_TOKENS && Array.from(rows).every(isRow))
    return rows.map((row) => Array.from(row));
  throw argumentError('prompt', 'tokens of one sequence, or of several', prompt);
}

/** Sequences that are equally long, and go side by side. */
interface Lane {
  readonly rows: readonly number[];
  readonly decoder: Decoder;
}

/** See the module documentation. */
export class Generation {
  readonly #network: Network;
  #idle: Decoder[] = [];
  /** That steps are those of whole sequences, once it was asked. */
  #checked: Promise<void> | undefined;
  /** Counts how often all memory was given back. */
  #releases = 0;

  constructor(network: Network) {
    this.#network = network;
  }

  /**
   * Tokens that come next of each of some prompts, one list of all rows after the other.
   * @throws {RidgelineError} As {@link traceSteps} and {@link checkSteps}; `ERR_ARGUMENT` for bad options or prompts,
   *   `ERR_DISPOSED`, and the signal's reason.
   */
  async *tokens(prompt: unknown, options: GenerateOptions): AsyncGenerator<number[]> {
    const { most, stops, threads, signal, ...how } = settings(options);
    const rows = rowsOf(prompt);
    const lanes: Lane[] = [];
    const releases = this.#releases;
    const check = (): void => {
      if (signal?.aborted) throw signal.reason;
      if (this.#releases === releases) return;
      const { name } = this.#network;
      const message = `model '${name}' was disposed or changed while it went on with a sequence`;
      throw new RidgelineError('ERR_DISPOSED', message, { layer: name });
    };
    try {
      check();
      this.#checked ??= checkSteps(this.#network);
      await this.#checked;
      check();
      for (const length of new Set(rows.map((row) => row.length))) {
        const own = rows.flatMap((row, i) => (row.length === length ? [i] : []));
        lanes.push({ rows: own, decoder: this.#take(own.length, length + most) });
      }
      let shown = rows;
      /** The token that a row ended with. */
      const ends: (number | undefined)[] = rows.map(() => undefined);
      for (let made = 0; made < most && ends.includes(undefined); made++) {
        const outputs: (Float32Array | undefined)[] = [];
        const going = lanes.filter((lane) => lane.rows.some((row) => ends[row] === undefined));
        // All of them are over before one is told wrong: decoders serve again.
        const steps = await Promise.allSettled(
          going.map((lane) => next(lane, shown, outputs, threads, check)),
        );
        check();
        for (const step of steps) if (step.status === 'rejected') throw step.reason;
        // In the order of the rows, so that what is drawn does not depend on who goes beside whom.
        const { givesLogits } = (lanes[0] as Lane).decoder;
        const drawn = await inTurns(drawAll(outputs as Float32Array[], ends, givesLogits, how));
        check();
        for (const [i, token] of drawn.entries()) if (stops.has(token)) ends[i] = token;
        yield drawn;
        shown = drawn.map((token) => [token]);
      }
    } finally {
      for (const { decoder } of lanes) {
        if (this.#releases === releases) this.#give(decoder);
        else decoder.release();
      }
    }
  }

  /** All tokens, with those of the prompts. */
  async all<P extends Prompt>(prompt: P, options: GenerateOptions): Promise<Generated<P>> {
    const rows = rowsOf(prompt);
    for await (const tokens of this.tokens(rows, options))
      for (const [i, token] of tokens.entries()) rows[i]?.push(token);
    const isOne = prompt instanceof Tensor ? prompt.rank === 1 : typeof prompt[0] === 'number';
    return (isOne ? rows[0] : rows) as Generated<P>;
  }

  #take(rows: number, steps: number): Decoder {
    const at = this.#idle.findIndex((of) => of.rows === rows && of.length >= steps);
    const [found] = at < 0 ? [] : this.#idle.splice(at, 1);
    found?.reset();
    return found ?? new Decoder(this.#network, rows, Math.ceil(steps / STEP) * STEP);
  }

  #give(decoder: Decoder): void {
    this.#idle.push(decoder);
    if (this.#idle.length > KEPT) this.#idle.shift()?.release();
  }

  /** Gives all memory back. */
  release(): void {
    for (const decoder of this.#idle) decoder.release();
    [this.#idle, this.#checked] = [[], undefined];
    this.#releases++;
  }
}

/** A token of each row, where it has not ended with one. */
function* drawAll(
  outputs: readonly Float32Array[],
  ends: readonly (number | undefined)[],
  isLogits: boolean,
  how: Drawing,
): Work<number[]> {
  const drawn: number[] = [];
  for (const [i, end] of ends.entries()) {
    drawn.push(end ?? draw(outputs[i] as Float32Array, isLogits, how));
    yield;
  }
  return drawn;
}

/** Shows a lane its next tokens, and puts what the model gives for the last of each row into `outputs`. */
async function next(
  { rows, decoder }: Lane,
  shown: readonly (readonly number[])[],
  outputs: (Float32Array | undefined)[],
  threads: number | undefined,
  check: () => void,
): Promise<void> {
  const tokens = rows.map((row) => shown[row] as readonly number[]);
  const { length } = tokens[0] as readonly number[];
  for (let from = 0; from < length; from += SHOWN) {
    if (from > 0) check();
    const part = tokens.map((row) => row.slice(from, from + SHOWN));
    const shape = [rows.length, Math.min(SHOWN, length - from)];
    const output = await decoder.next(new Tensor(Int32Array.from(part.flat()), shape, 'int32'), threads);
    const width = output.shape[1] as number;
    for (const [i, row] of rows.entries()) outputs[row] = output.data.subarray(i * width, (i + 1) * width);
  }
}
