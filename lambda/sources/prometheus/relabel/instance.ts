/** The label `instance` of a target, as a Prometheus server would give it. */

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** What the operator says, or host and port of the page. */
export function formatInstance({
  url,
  instance,
}: {
  readonly url: string;
  readonly instance?: string | undefined;
}): string {
  if (instance !== undefined) return instance;
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? (defaultPorts[protocol] ?? '') : port}`;
}
