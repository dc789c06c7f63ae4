/**
 * Names that cases use: what each stands for, declared in front of the code that uses it.
 */
const NAMES: Readonly<Record<string, string>> = {
  $a: 'input([4])',
  $b: "input([2, 3], { name: 'b' })",
  $i: "input([4], { dtype: 'int32' })",
  $u: 'input([null, 3])',
  $flat: 'input([])',
  $wide: 'input([2 ** 40])',
  $t: 'tensor([[1, 2, 3, 4], [5, 6, 7, 8]])',
  $v: 'tensor([1, -2, 3, 4])',
  $s: 'tensor(2)',
  $n: 'tensor(Int32Array.of(0, 1, 2, 1))',
  $k: 'tensor([[true, false, true, false]])',
  $c: 'tensor([[[1, 2, 3], [4, 5, 6]]])',
  $col: 'tensor([[1], [2], [3], [4]])',
  $empty: 'tensor([], { shape: [0, 4] })',
  $layer: 'layers.dense(4)',
  $w: '($layer($t), $layer.weights[0])',
  $x: 'tensor([[1, 2, 3, 4], [0, 1, 0, 1], [-1, 0.5, 0, 2], [3, 1, 4, 1]])',
  $y: 'tensor([0, 1, 2, 1])',
  $model: 'own.regression()',
  $classes: 'own.classifier()',
  $two: 'own.two()',
  $lazy: 'own.lazy()',
  $fresh: 'new Model({ inputs: $a, outputs: layers.dense(1)($a) })',
  $disposed: 'own.disposed()',
  $kept: 'own.kept($t)',
  $other: 'own.regression().outputs[0]',
  $optimizer: '$model.optimizer',
};

/** The code behind the declarations of all that it names. */
export function declared(code: string): string {
  const lines: string[] = [];
  const seen = new Set<string>();
  const declare = (text: string): void => {
    for (const [name] of text.matchAll(/\$[a-z]+/g)) {
      const expression = NAMES[name];
      if (expression === undefined || seen.has(name)) continue;
      seen.add(name);
      declare(expression);
      lines.push(`const ${name} = ${expression};`);
    }
  };
  declare(code);
  return [...lines, code].join('\n');
}
