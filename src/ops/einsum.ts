/**
 * Sums of products by the names of axes: Einstein's summation, as NumPy's `einsum`.
 *
 * Tensors are taken from the left, two at a time. Axes that no later one needs are summed away where they are; those that
 * two have in common become the inner size of a batched matrix product, or stay as its batch.
 */
import { op } from '../core/apply.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError } from '../errors.js';
import { mul } from './arithmetic.js';
import { matmul } from './matrices.js';
import { sum } from './reduction.js';
import { expandDims, reshape, transpose } from './shaping.js';

/** Equations are read up to this length. */
const LONGEST_EQUATION = 1000;

/** A tensor whose axes have names. */
interface Labelled {
  readonly x: SymbolicTensor;
  readonly labels: readonly string[];
}

/** A term as it is written: letters, `...` or not, letters. */
type Term = readonly [before: string, ellipsis: string | undefined, after: string];

interface Equation {
  readonly terms: readonly Term[];
  /** Undefined where the equation says nothing of the output. */
  readonly output: Term | undefined;
}

/** @throws {RidgelineError} `ERR_ARGUMENT` unless it is an equation of that many terms. */
function parse(equation: unknown, count: number): Equation {
  const bad = (expected: string) => argumentError('equation', expected, equation);
  if (typeof equation !== 'string' || equation.length > LONGEST_EQUATION)
    throw bad("a string such as 'bij,bjk->bik'");
  const [left, right, ...more] = equation.replaceAll(' ', '').split('->');
  if (more.length) throw bad("a string with at most one '->'");
  const term = (text: string): Term => {
    const match = /^([A-Za-z]*)(\.\.\.)?([A-Za-z]*)$/.exec(text);
    if (!match) throw bad("terms of letters, with '...' at most once in each");
    const [, before = '', ellipsis, after = ''] = match;
    if (new Set(before + after).size < before.length + after.length)
      throw bad('terms whose letters are all different');
    return [before, ellipsis, after];
  };
  const terms = (left as string).split(',').map(term);
  if (terms.length !== count) throw bad(`a term for each of ${count} tensors`);
  const output = right === undefined ? undefined : term(right);
  if (output && !output[1] && terms.some(([, ellipsis]) => ellipsis)) throw bad("an output with '...' too");
  return { terms, output };
}

/** Names of the `extra` axes of an ellipsis: the last is that of others' last. */
const dots = (extra: number): string[] => Array.from({ length: extra }, (_, i) => `...${extra - i}`);

/** Names of the axes of a tensor. */
function labelled([before, ellipsis, after]: Term, x: SymbolicTensor): Labelled {
  const extra = x.rank - before.length - after.length;
  if (extra < 0 || (extra > 0 && !ellipsis)) {
    const term = `${before}${ellipsis ?? ''}${after}`;
    throw new RidgelineError(
      'ERR_SHAPE',
      `einsum: '${term}' does not name the axes of ${shapeText(x.shape)}`,
    );
  }
  return { x, labels: [...before, ...dots(extra), ...after] };
}

/** Names of the output's axes: as written, or those of the ellipsis and then, in order, letters that occur once. */
function outputLabels({ output }: Equation, inputs: readonly Labelled[]): string[] {
  const all = inputs.flatMap(({ labels }) => labels);
  const letters = all.filter((label) => label.length === 1);
  const extra = Math.max(0, ...inputs.map(({ labels }) => labels.filter((l) => l.length > 1).length));
  if (!output)
    return [...dots(extra), ...letters.filter((l) => letters.indexOf(l) === letters.lastIndexOf(l)).sort()];
  const [before, ellipsis, after] = output;
  const missing = [...before, ...after].find((label) => !letters.includes(label));
  if (missing !== undefined)
    throw argumentError('equation', 'an output whose letters stand in a term', missing);
  return [...before, ...(ellipsis ? dots(extra) : []), ...after];
}

/** The size of each axis by its name, `null` where it is unknown everywhere. */
function sizesOf(inputs: readonly Labelled[]): Map<string, number | null> {
  const sizes = new Map<string, number | null>();
  for (const { x, labels } of inputs) {
    labels.forEach((label, axis) => {
      const [known, size] = [sizes.get(label) ?? null, x.shape[axis] ?? null];
      if (known !== null && size !== null && known !== size)
        throw new RidgelineError('ERR_SHAPE', `einsum: axis '${label}' has sizes ${known} and ${size}`);
      sizes.set(label, known ?? size);
    });
  }
  return sizes;
}

/** Without the axes that are not in `keep`. */
function summed({ x, labels }: Labelled, keep: ReadonlySet<string>): Labelled {
  const axis = labels.flatMap((label, i) => (keep.has(label) ? [] : [i]));
  return axis.length ? { x: sum(x, { axis }), labels: labels.filter((l) => keep.has(l)) } : { x, labels };
}

/** With its axes in this order. */
function ordered({ x, labels }: Labelled, order: readonly string[]): SymbolicTensor {
  const axes = order.map((label) => labels.indexOf(label));
  return axes.every((axis, i) => axis === i) ? x : transpose(x, axes);
}

/** Whether a reshape finds the sizes by itself: one is left to it at most. */
const isPlain = (shape: readonly (number | null)[]): boolean =>
  shape.filter((size) => size === -1).length < 2;

/** With each group of neighbouring axes as one, of no axes as one of size 1. */
function merged(x: SymbolicTensor, groups: readonly number[]): SymbolicTensor {
  if (groups.every((length) => length === 1)) return x;
  let at = 0;
  const shape = groups.map((length, place) => {
    const of = x.shape.slice(at, at + length);
    const stays = length === 1 && at === place;
    at += length;
    if (of.includes(null)) return stays ? null : -1;
    return (of as number[]).reduce((a, b) => a * b, 1);
  });
  if (isPlain(shape)) return reshape(x, shape);
  const from = x.shape.flatMap((_, axis) => [0, axis]);
  return Trace.running.emit('reshapeBy', [x], { from, counts: groups })[0];
}

/** The product of two, summed over what is not in `keep`; what only one of them has is in it. */
function contracted(
  a: Labelled,
  b: Labelled,
  keep: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number | null>,
): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => keep.has(label));
  const inner = shared.filter((label) => !keep.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...rows, ...columns];
  const left = ordered(a, [...batch, ...rows, ...inner]);
  if (inner.length === 0) {
    const wide = columns.reduce<SymbolicTensor>((x) => expandDims(x, -1), left);
    const right = ordered(b, [...batch, ...columns]);
    return {
      x: mul(
        wide,
        rows.reduce<SymbolicTensor>((x) => expandDims(x, batch.length), right),
      ),
      labels,
    };
  }
  const right = ordered(b, [...batch, ...inner, ...columns]);
  const ones = batch.map(() => 1);
  // Without a batch the rows need not be one axis: they are leading ones of the product.
  const rowGroups = batch.length || !rows.length ? [rows.length] : rows.map(() => 1);
  const product = matmul(
    merged(left, [...ones, ...rowGroups, inner.length]),
    merged(right, [...ones, inner.length, columns.length]),
  );
  if (product.rank === labels.length && rowGroups.every((n) => n === 1) && columns.length === 1)
    return { x: product, labels };
  const staying = batch.length + (rowGroups.length === rows.length ? rows.length : 0);
  const shape = labels.map((label, i) => sizes.get(label) ?? (i < staying ? null : -1));
  if (isPlain(shape)) return { x: reshape(product, shape), labels };
  const from = labels.flatMap((label) => {
    const axis = a.labels.indexOf(label);
    return axis >= 0 ? [1, axis] : [2, b.labels.indexOf(label)];
  });
  const counts = labels.map(() => 1);
  return { x: Trace.running.emit('reshapeBy', [product, a.x, b.x], { from, counts })[0], labels };
}

/**
 * Sums of products, by names of axes: `einsum('bij,bjk->bik', a, b)` is a batched matrix product. Letters that the output
 * lacks are summed over; without `->` it has those that occur once, in order. `...` stands for any axes, the same in all
 * terms. Sizes of one letter are equal: nothing is repeated, and no letter stands twice in a term.
 *
 * @throws {RidgelineError} `ERR_ARGUMENT` for an equation that does not fit the tensors, `ERR_SHAPE` for their shapes.
 */
export function einsum<T extends readonly Operand[]>(equation: string, ...tensors: T): Result<T[number]> {
  const parsed = parse(equation, tensors.length);
  return op('einsum', tensors, (_, given) => {
    const inputs = parsed.terms.map((term, i) => labelled(term, given[i] as SymbolicTensor));
    const output = outputLabels(parsed, inputs);
    const sizes = sizesOf(inputs);
    const needed = (after: number): Set<string> =>
      new Set([...output, ...inputs.slice(after).flatMap(({ labels }) => labels)]);
    const [first, ...others] = inputs as [Labelled, ...Labelled[]];
    const result = others.reduce(
      (a, b, i) => {
        const keep = needed(i + 2);
        const right = summed(b, new Set([...keep, ...a.labels]));
        return contracted(summed(a, new Set([...keep, ...right.labels])), right, keep, sizes);
      },
      others.length ? first : summed(first, new Set(output)),
    );
    return ordered(result, output);
  }) as Result<T[number]>;
}
