/** Builds the page for people: scripts, styles and licence in one HTML text, as a module that the sink imports. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync, transformSync } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'lambda/page/browser');
const library = join(root, 'node_modules/uplot');

/** The first versions that know `light-dark()`: what the page is made for. */
const browsers = ['chrome123', 'firefox120', 'safari17.5'];

/** Where it is written. */
export const pagePath = 'lambda/page/html.ts';

/** The module's text; the same for the same sources and the same version of esbuild. */
export function buildPageModule(): string {
  const script = buildScript();
  const style = buildStyle();
  const html = putIn(putIn(readTemplate(), 'style', style), 'script', script);
  return `/** The page for people as one self-contained HTML text, and the hashes of its parts; written by \`npm run docs\`. */

export const scriptHash = ${quote(hash(script))};
export const styleHash = ${quote(hash(style))};
export const html = ${quote(html)};
`;
}

function buildScript(): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'main.ts')],
    ...{ bundle: true, minify: true, write: false, format: 'iife', target: browsers, legalComments: 'none' },
    // JSON.stringify would double each letter beyond ASCII once more.
    charset: 'utf8',
  });
  return (outputFiles[0]?.text ?? '').trim();
}

function buildStyle(): string {
  const css = ['uplot/dist/uPlot.min.css']
    .map((path) => readFileSync(join(root, 'node_modules', path), 'utf8'))
    .concat(readFileSync(join(folder, 'page.css'), 'utf8'))
    .join('\n');
  return transformSync(css, { loader: 'css', minify: true, target: browsers, charset: 'utf8' }).code.trim();
}

/** Without the indentation that is for people who read the template, and with the licence of the library in it. */
function readTemplate(): string {
  const template = readFileSync(join(folder, 'index.html'), 'utf8').replaceAll(/\n\s*/g, '\n');
  const licence = readFileSync(join(library, 'LICENSE'), 'utf8').trim();
  return template.replace(
    '<head>',
    () => `<!-- With uPlot (https://github.com/leeoniya/uPlot):\n${licence}\n-->\n<head>`,
  );
}

/** @throws Error for a text that would end its own element. */
function putIn(template: string, name: string, text: string): string {
  if (text.toLowerCase().includes(`</${name}`)) throw new Error(`the ${name} of the page holds its own end`);
  const place = `/* ${name} */`;
  const begin = template.indexOf(`<${name}>`);
  const end = template.indexOf(`</${name}>`);
  if (begin === -1 || !template.slice(begin, end).includes(place))
    throw new Error(`index.html has no place for the ${name}`);
  return `${template.slice(0, begin)}<${name}>${text}${template.slice(end)}`;
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
