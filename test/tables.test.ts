/**
 * Tables from CSV files and Apache Arrow, on their way into tensors.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromArrays } from 'apache-arrow';
import { type CsvOptions, type Frame, fromArrow, readCsv } from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function read(text: string, options?: CsvOptions): Promise<Frame> {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, text);
  return readCsv(path, options);
}
const TEXT = '\uFEFFsize,kind,"a, ""b"""\n1.5,x,1\n-2e3,"y\nz",\n,x,3\n';

describe('a CSV file', () => {
  test('has columns of numbers and of categories', async () => {
    const table = await read(TEXT);
    expect([table.rows, table.names]).toEqual([3, ['size', 'kind', 'a, "b"']]);
    expect(table.names.map((name) => table.type(name))).toEqual(['number', 'category', 'number']);
    expect(table.categories('kind')).toEqual(['x', 'y\nz']);
    expect(table.codes('kind').toArray()).toEqual([0, 1, 0]);
    expect(table.codes('kind', { categories: ['y\nz', 'w', 'x'] }).toArray()).toEqual([2, 0, 2]);
    expect(table.strings('size')).toEqual(['1.5', '-2000', undefined]);
    expect(table.categories('size')).toEqual(['-2000', '1.5']);
    expect(table.numbers(undefined, { missing: 0 }).toArray()).toEqual([[1.5, 1], [-2000, 0], [0, 3]]); // biome-ignore format: as it is read
    expect(table.numbers(['size'], { missing: 'mean' }).data[2]).toBe(-999.25);
    expect(table.numbers(['a, "b"'], { missing: 'median' }).toArray()).toEqual([[1], [2], [3]]);
  });
  test('keeps identifiers apart that a double does not, and takes other texts for names', async () => {
    const table = await read(
      'id,odd,size\n9007199254740993,0x1F,9007199254740991\n9007199254740992,0b11,1e300\n',
    );
    expect(table.names.map((name) => table.type(name))).toEqual(['category', 'category', 'number']);
    expect(table.codes('id').toArray()).toEqual([1, 0]);
    const told = await read('id\n9007199254740993\n', { types: { id: 'number' } });
    expect(told.type('id')).toBe('number');
    await expectFailure(
      () => read('id\n0x1F\n', { types: { id: 'number' } }),
      'ERR_IO',
      /has '0x1F' at row 0/,
    );
  });
  test('may have columns called as properties of objects', async () => {
    const table = await read('constructor,__proto__\n1,2\n');
    expect(table.names.map((name) => table.type(name))).toEqual(['number', 'number']);
  });
  test('may have no header, other signs, and types that are told', async () => {
    const table = await read('1;NA\n2;?\n', {
      header: false,
      delimiter: ';',
      missing: ['?'],
      types: { 0: 'category' },
    });
    expect([table.names, table.type('0'), table.strings('1')]).toEqual([
      ['0', '1'],
      'category',
      ['NA', undefined],
    ]);
  });
  test('of real data gives what models train on', async () => {
    const table = await readCsv(new URL('../examples/data/digits.csv', import.meta.url));
    const label = table.names.at(-1)!;
    expect(table.numbers(table.names.slice(0, -1)).shape).toEqual([table.rows, 64]);
    expect(table.categories(label)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(table.codes(label).shape).toEqual([table.rows]);
  });
  test.each<[string, () => unknown, string, RegExp]>([
    [
      'a missing number',
      async () => (await read(TEXT)).numbers(['size']),
      'ERR_NON_FINITE',
      /column 'size' at row 2 is missing/,
    ],
    [
      'a number beyond float32',
      async () => (await read('a\n1e60')).numbers(),
      'ERR_NON_FINITE',
      /is 1e\+60, no finite float32/,
    ],
    [
      'categories as numbers',
      async () => (await read(TEXT)).numbers(['kind']),
      'ERR_ARGUMENT',
      /column 'kind' must be of numbers/,
    ],
    ['another column', async () => (await read(TEXT)).strings('knd'), 'ERR_ARGUMENT', /did you mean 'kind'/],
    [
      'a missing category',
      async () => (await read('a\nx\nNA')).codes('a'),
      'ERR_ARGUMENT',
      /column 'a' at row 1/,
    ],
    [
      'a new category',
      async () => (await read('a\nx')).codes('a', { categories: ['y'] }),
      'ERR_ARGUMENT',
      /at row 0/,
    ],
    [
      'a text in numbers',
      () => read('a\n1\nx', { types: { a: 'number' } }),
      'ERR_IO',
      /column 'a' has 'x' at row 1/,
    ],
    ['lines of other lengths', () => read('a,b\n1'), 'ERR_IO', /Invalid Record Length.*line 2/],
    ['an open quotation', () => read('a\n"1'), 'ERR_IO', /Quote Not Closed/],
    ['two columns of one name', () => read('a,a\n1,2'), 'ERR_IO', /two columns have one name/],
    ['no file', () => readCsv(join(folder, 'none')), 'ERR_IO', /no such file/],
    ['a folder', () => readCsv(folder), 'ERR_IO', /no regular file/],
    [
      'a type of no column',
      () => read('a\n1', { types: { b: 'number' } }),
      'ERR_ARGUMENT',
      /types must be columns among a/,
    ],
    ['a bad option', () => read('a', { delimiter: '' }), 'ERR_ARGUMENT', /delimiter must be a text/],
  ])('%s is an error', (_, run, code, says) => expectFailure(run, code, says));
});

test('a table of Apache Arrow', () => {
  const table = fromArrow(
    tableFromArrays({
      size: Float32Array.of(1, 2, 3),
      id: BigInt64Array.of(7n, 8n, 9n),
      kind: ['a', null, 'b'],
    }),
  );
  expect(table.names.map((name) => table.type(name))).toEqual(['number', 'number', 'category']);
  expect(table.numbers(['id', 'size']).toArray()).toEqual([[7, 1], [8, 2], [9, 3]]); // biome-ignore format: as it is read
  expect(table.strings('kind')).toEqual(['a', undefined, 'b']);
  expect(() => fromArrow({} as never)).toThrow('table must be a table of apache-arrow');
});
