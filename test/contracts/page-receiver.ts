/** Reads pages of the text format as a backend would: from a file, from standard output, or out of a request. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReceivedRequest, ReceivedValue, StartReceiver } from './sink-facts.ts';

/** Replaced as a whole by each run. */
export function receiveFile(name: string): StartReceiver {
  return (_behaviour, { folder }) =>
    Promise.resolve({
      url: 'http://unused.example',
      received: async () => {
        const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
        return text === undefined ? [] : [{ ...pageRequest(text), replaces: 'file' }];
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
}

/** One page a run, of which each stands for itself. */
export const receivePrinted: StartReceiver = (_behaviour, { printed }) =>
  Promise.resolve({
    url: 'http://unused.example',
    received: () => Promise.resolve(printed.map(pageRequest)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });

function pageRequest(text: string): ReceivedRequest {
  const values = valuesOfPage(text);
  return { bytes: Buffer.byteLength(text), values, stored: values, isConfirmed: true };
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Written apart from the collector's own reader and writer of pages, so that a mistake there is found here. */
export function valuesOfPage(text: string): readonly ReceivedValue[] {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  return text.split('\n').flatMap((line): readonly ReceivedValue[] => {
    const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const isTotal =
      types.get(name) === 'counter' || types.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';
    const pairs = [...labels.matchAll(labelPair)].map(([, label = '', content = '']) => [label, content] as const);
    return [{ name, labels: Object.fromEntries(pairs), kind: isTotal ? 'total' : 'level', values: [Number(value)] }];
  });
}
