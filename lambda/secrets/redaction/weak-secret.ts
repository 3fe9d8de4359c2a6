/** Warns of a secret that is easily guessed. */
import type { Logger } from '../../runtime/log.ts';
import { minSecretLength, type Weakness } from './redactor.ts';

/** What it means for what is written, and what to do. */
const warnings: Readonly<Record<Weakness, string>> = {
  short: `a secret has fewer than ${String(minSecretLength)} characters: it is easily guessed, and hidden only in names and answers from outside; put a longer one`,
  word: 'a secret is an everyday word: it is easily guessed, and hidden only in answers from outside; put another one',
};

export function warnOfWeakSecret(log: Logger): (reference: string, weakness: Weakness) => void {
  return (reference, weakness) => {
    log.warn(warnings[weakness], { reference });
  };
}
