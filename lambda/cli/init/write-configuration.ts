/** Writes the text of the configuration that `init` has gathered the answers for. */
import { stringify } from 'yaml';
import type { Gathered } from './gather-answers.ts';

/** Where editors find the schema; both places have it beside this file or in the package. */
const head = `# Every setting is described in docs/configuration.md; collector.schema.json lets an editor complete them.
# A value is never a token: it names the place where the token lies.

`;

/** YAML that `parseConfig` has still to check. */
export function writeConfiguration({ place, source, sink, email }: Gathered): string {
  const configuration = {
    interval: '1 minute',
    sources: [source.kind.build(source.answers)],
    sinks: [sink.kind.build(sink.answers)],
    ...(place === 'aws' && email !== undefined ? { alarms: { emails: [email] } } : {}),
  };
  return head + stringify(configuration);
}
