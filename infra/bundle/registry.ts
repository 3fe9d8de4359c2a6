/** How the registries of sources and sinks name their entries. */

/** The two lists of plugins, each a folder of `lambda/`. */
export const registries = ['sources', 'sinks'] as const;
export type Registry = (typeof registries)[number];

/** `remoteWrite` of `remote-write`: the constant of a kind. */
export function formatConstant(kind: string): string {
  return kind.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
