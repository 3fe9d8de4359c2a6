/** What the ARN of a secret or parameter tells by itself. */

/** The Region of an ARN; undefined for a name, which lies in the Region of the function. */
export function findArnRegion(id: string): string | undefined {
  const region = /^arn:[^:]*:[^:]*:([^:]*):/.exec(id)?.[1];
  return region === '' ? undefined : region;
}

/** Whether it ends as Secrets Manager ends a whole ARN; a name of its own may end alike, as `buildkite-tokens`. */
export function mayBeComplete(arn: string): boolean {
  return arn.startsWith('arn:') && /-[A-Za-z0-9]{6}$/.test(arn);
}
