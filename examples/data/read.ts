/** The data of the examples, as tensors and lists. */
import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from 'ridgeline';

/** Lines of a file in this folder, without the first, which names its columns. */
const linesOf = (file: string): string[] =>
  readFileSync(new URL(file, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1);

/** Images of digits as rows of 64 numbers in [0, 1], and the digits they show. */
export function readDigits(): { x: Tensor; y: Tensor } {
  const rows = linesOf('digits.csv').map((line) => line.split(',').map(Number));
  const x = tensor(rows.map((row) => row.slice(0, 64).map((pixel) => pixel / 16)));
  return { x, y: tensor(rows.map((row) => row[64]!)) };
}

/** Years, and the mean number of sunspots in each. */
export function readSunspots(): { years: number[]; counts: number[] } {
  const rows = linesOf('sunspots.csv').map((line) => line.split(',').map(Number));
  return { years: rows.map((row) => row[0]!), counts: rows.map((row) => row[1]!) };
}

/** Sentences of the Universal Declaration of Human Rights, and the language of each. */
export function readDeclaration(): { languages: string[]; texts: string[] } {
  const rows = linesOf('declaration.tsv').map((line) => line.split('\t'));
  return { languages: rows.map((row) => row[0]!), texts: rows.map((row) => row[1]!) };
}
