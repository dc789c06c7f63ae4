/**
 * Ops as TypeScript emits them: attributes and results are those of the native core.
 */
import { readFileSync } from 'node:fs';
import { tensor } from 'ridgeline';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { Trace } from '../src/core/trace.js';
import { native } from '../src/native.js';

describe('an op', () => {
  const trace = new Trace(true);
  const x = trace.constant(tensor([[1, 2]]));
  const v = trace.constant(tensor([1, 2]));

  test('gives as many results as its type says', () => {
    const by = { epsilon: 1e-3, scale: true, center: true };
    expect(trace.emit('add', [x, x])).toHaveLength(1);
    expect(trace.emit('dropout', [x], { rate: 0.5, stream: 1 })).toHaveLength(2);
    expect(trace.emit('batchNorm', [x, v, v], by)).toHaveLength(5);
    expect(trace.emit('layerNorm', [x, v, v], by)).toHaveLength(3);
    expect(trace.emit('softmaxCrossEntropy', [x, x], { sparse: false, smoothing: 0 })).toHaveLength(2);
  });

  test('is told what it needs and nothing else', () => {
    // @ts-expect-error: there is no such op.
    expect(() => trace.emit('soft', [x])).toThrow("there is no op 'soft'");
    // @ts-expect-error: it needs attributes.
    expect(() => trace.emit('cast', [x])).toThrow(/dtype/);
    // @ts-expect-error: of this type.
    expect(() => trace.emit('cast', [x], { dtype: 'float16' })).toThrow(/dtype/);
    // @ts-expect-error: it has no axis.
    trace.emit('cast', [x], { dtype: 'int32', axis: 1 });
    // @ts-expect-error: it has no attributes.
    trace.emit('add', [x, x], { axis: 1 });
    // @ts-expect-error: it gives one result.
    const [, second] = trace.emit('add', [x, x]);
    expect(second).toBeUndefined();
  });

  test('is emitted in a trace', () => {
    expect(() => Trace.running).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(trace.run(() => Trace.running)).toBe(trace);
  });
});

test('the table names the ops of the native core, and no others', () => {
  const url = new URL('../src/core/primitives.ts', import.meta.url);
  const { statements } = ts.createSourceFile('', readFileSync(url, 'utf8'), ts.ScriptTarget.Latest);
  const table = statements.filter(ts.isInterfaceDeclaration).find(({ name }) => name.text === 'Attributes');
  const names = table?.members.map(({ name }) => (name as ts.Identifier).text);
  expect(names?.toSorted()).toEqual(native.opNames().toSorted());
});
