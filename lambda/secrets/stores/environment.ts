/** Reads secrets from environment variables. */
import { failRead, type SecretStore } from './secret-store.ts';

/** Environment variables; the configuration refuses them in AWS Lambda, where they are readable to many. */
export function createEnvironmentStore(variables: Readonly<Record<string, string | undefined>>): SecretStore {
  return {
    read: (ids) =>
      Promise.resolve(
        new Map(
          ids.map((id) => {
            const text = variables[id];
            return [id, text === undefined ? failRead('not-found') : { text }];
          }),
        ),
      ),
  };
}
