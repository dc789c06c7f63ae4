/**
 * How values stand in messages: short, whatever they are.
 */

/** Letters of a text, elements of a list, keys of an object and levels of nesting that are shown. */
const [LETTERS, ELEMENTS, KEYS, LEVELS] = [80, 8, 8, 3];

/** A text that is no longer than messages can bear. */
export function cut(text: string): string {
  return text.length > LETTERS ? `${text.slice(0, LETTERS)}…` : text;
}

/** What `of` gives; `otherwise` where looking at a value throws, as proxies and getters may. */
export function safely(of: () => string, otherwise: string): string {
  try {
    return of();
  } catch {
    return otherwise;
  }
}

/** The class of an object, if it has one with a name. */
function className(value: object): string | undefined {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? cut(name) : undefined;
}

/** Type and shape of a tensor. */
function sizes({ dtype, shape }: { readonly dtype?: unknown; readonly shape?: unknown }): string {
  if (typeof dtype !== 'string' || !Array.isArray(shape)) return '';
  return cut(` of ${dtype} [${shape.map((size) => size ?? '?').join(', ')}]`);
}

function showObject(value: object): string {
  const name = className(value);
  if (ArrayBuffer.isView(value))
    return `${name ?? 'a view'}(${safely(() => `${value.byteLength}`, '?')} bytes)`;
  if (name) return name + sizes(value);
  const keys = Object.keys(value);
  const some = keys.slice(0, KEYS).map(cut).join(', ') + (keys.length > KEYS ? ', …' : '');
  return `an object with keys ${some || '(none)'}`;
}

function showList(value: readonly unknown[], level: number): string {
  if (value.length > ELEMENTS) return `an array of ${value.length}`;
  if (level === LEVELS) return '[…]';
  return `[${value.map((one) => showAt(one, level + 1)).join(', ')}]`;
}

/** Layers and models are functions too. */
function showFunction(value: { readonly name: unknown; constructor: unknown }): string {
  const name = value.name ? cut(String(value.name)) : undefined;
  if (typeof value.constructor !== 'function' || value.constructor.name.endsWith('Function'))
    return name === undefined ? 'a function' : `function ${name}`;
  return name === undefined ? cut(value.constructor.name) : `${cut(value.constructor.name)} '${name}'`;
}

function showAt(value: unknown, level: number): string {
  if (typeof value === 'string') return `'${cut(value)}'`;
  if (typeof value === 'bigint') return `${cut(String(value))}n`;
  if (typeof value === 'function') return safely(() => showFunction(value), 'a function');
  if (typeof value !== 'object' || value === null) return String(value);
  return safely(() => (Array.isArray(value) ? showList(value, level) : showObject(value)), 'an object');
}

/** How a value stands in a message. */
export const show = (value: unknown): string => showAt(value, 0);
