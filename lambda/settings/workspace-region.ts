/** Tells a workspace of Amazon Managed Service for Prometheus from every other receiver. */

/** `aps-workspaces.<region>.amazonaws.com`, in every partition. */
const workspaceHost = /^aps-workspaces\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;

/** The Region of a workspace by the host of its URL; undefined for every other receiver. */
export function findWorkspaceRegion(host: string): string | undefined {
  return workspaceHost.exec(host)?.[1];
}
