/** Finds in a problem what its reader needs: the place, and what to do. */
import type { Problem } from '../../lambda/model/problem.ts';

/** Words with which an order to the reader begins; only what an operator can do is among them. */
const orders = [
  'add',
  'allow',
  'apply',
  'ask',
  'change',
  'bind',
  'check',
  'choose',
  'compare',
  'configure',
  'enable',
  'find out',
  'free',
  'give',
  'grant',
  'leave',
  'lengthen',
  'let',
  'look',
  'lower',
  'mend',
  'publish',
  'push',
  'put',
  'raise',
  'rename',
  'renew',
  'report',
  'please report',
  'prune',
  'restart',
  'run',
  'see',
  'set',
  'start',
  'update',
  'use',
];

/** An order stands at the beginning of a sentence or clause. */
const order = new RegExp(`(?:[;:.,)] |\\b(?:and|or|so) )(?:${orders.join('|')})\\b[^;.]*`, 'i');

/** What a message tells its reader to do. */
function remedyIn(message: string): string | undefined {
  return order.exec(message)?.[0];
}

/** Problems that leave their reader without a place to look at, or without something to do. */
export function untold(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ where, message }) => !isPlace(where, message) || remedyIn(message) === undefined);
}

/** A request stands behind the name of the source or sink; what is about several requests names them itself. */
function isPlace(where: string, message: string): boolean {
  return /^\S+\/\S+ \S+/.test(where) || (/^\S+\/\S+$/.test(where) && /not reached: \w/.test(message));
}
