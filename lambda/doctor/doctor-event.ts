/** Tells the event of a person who asks how the function is from those of its schedule. */

/** An event that a person sends by hand, as with `aws lambda invoke`. */
export function isDoctorEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'doctor' in event && event.doctor === true;
}
