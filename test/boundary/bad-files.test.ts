/**
 * Missing, damaged and foreign files, and places that cannot be written to.
 */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, readOnnxMetadata } from 'ridgeline';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Case, table } from '../support/cases.js';
import { file as savedFile } from '../support/saved-file.js';
import { regression } from '../support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-bad-'));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** A safetensors file with that metadata and no tensors. */
const foreign = (metadata: object): Buffer =>
  savedFile(JSON.stringify({ __metadata__: metadata }), Buffer.alloc(0));

describe('files', () => {
  beforeAll(async () => {
    await regression().save(file('whole'));
    const bytes = readFileSync(file('whole'));
    writeFileSync(file('half'), bytes.subarray(0, bytes.length / 2));
    writeFileSync(file('head'), bytes.subarray(0, 5));
    writeFileSync(
      file('flipped'),
      bytes.map((b, i) => (i >= 8 && i < 40 ? b ^ 0x55 : b)),
    );
    writeFileSync(file('long'), Buffer.concat([bytes, Buffer.from('tail')]));
    writeFileSync(file('empty'), '');
    writeFileSync(file('text'), 'layers: dense');
    writeFileSync(file('foreign'), foreign({ format: 'pt' }));
    writeFileSync(file('hollow'), foreign({ ridgeline: '{"format":1}' }));
    writeFileSync(file('future'), foreign({ ridgeline: '{"format":99}' }));
    writeFileSync(file('broken'), foreign({ ridgeline: '{"format":1,' }));
    const cut = file('cut');
    writeFileSync(cut, bytes);
    truncateSync(cut, bytes.length - 1);
  });
  const load = (name: string, says: RegExp): Case => ({
    name,
    run: () => loadModel(file(name)),
    code: 'ERR_IO',
    says,
  });
  table([
    load('missing', /missing/),
    ...['half', 'head', 'flipped', 'long', 'empty', 'text', 'foreign', 'hollow', 'broken', 'cut'].map((n) =>
      load(n, new RegExp(n)),
    ),
    load('future', /future.*format 99, this version reads 1/),
    { name: 'a folder', run: () => loadModel(folder), code: 'ERR_IO', says: /ridgeline-bad/ },
    {
      name: 'no path',
      run: () => loadModel(''),
      code: 'ERR_ARGUMENT',
      says: /^path must be a file name or file: URL, received ''/,
    },
    {
      name: 'unknown option',
      run: () => loadModel('a', { layer: [] } as never),
      code: 'ERR_ARGUMENT',
      says: /did you mean 'layers'/,
    },
    {
      name: 'save to a missing directory',
      run: (m) => m.save(file('no/where')),
      code: 'ERR_IO',
      says: /no\/where/,
    },
    { name: 'save to a folder', run: (m) => m.save(folder), code: 'ERR_IO', says: /ridgeline-bad/ },
    {
      name: 'save without a path',
      run: (m) => m.save(),
      code: 'ERR_ARGUMENT',
      says: /^path must be a file name/,
    },
    {
      name: 'export to a missing directory',
      run: (m) => m.export(file('no/where.onnx')),
      code: 'ERR_IO',
      says: /no\/where\.onnx/,
    },
    ...[16, 26, 17.5, Number.NaN, '17'].map(
      (opset): Case => ({
        name: `opset ${opset}`,
        run: (m) => m.export({ opset }),
        code: 'ERR_ARGUMENT',
        says: /^opset must be an integer between 17 and 25, received/,
      }),
    ),
    {
      name: 'bytes that are no ONNX',
      run: () => readOnnxMetadata(Buffer.from('nothing of the kind')),
      code: 'ERR_IO',
      says: /ONNX/i,
    },
    { name: 'no bytes', run: () => readOnnxMetadata(new Uint8Array()), code: 'ERR_IO', says: /ONNX/i },
  ]);
});
