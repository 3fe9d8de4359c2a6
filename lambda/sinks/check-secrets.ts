/** Finds the secrets of a sink that cannot be read, before anything is sent with them. */
import { describeHttpProblem } from '../http/errors/problem.ts';
import type { Problem } from '../model/problem.ts';
import { describeSecretRef } from '../secrets/secret-ref.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { PreparedSink } from './sink.ts';

/** One problem for each of its secrets that cannot be read, with the reason and the remedy. */
export async function checkSecrets(
  { kind, name, secrets: refs }: Pick<PreparedSink, 'kind' | 'name' | 'secrets'>,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const unique = new Map(refs.map((ref) => [describeSecretRef(ref), ref]));
  const checked = await Promise.all(
    [...unique.values()].map(async (ref) => {
      try {
        await secrets.read(ref, signal);
        return [];
      } catch (error) {
        const problem = describeHttpProblem(error, `${kind}/${name}`);
        if (problem === undefined) throw error;
        return [problem];
      }
    }),
  );
  return checked.flat();
}
