/** Numbers as a basis shows them. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
