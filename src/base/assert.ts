// Assertions about our own code, kept in production. Hostile input is not our bug and gets a Status instead.

/** Throws where something that we hold to be always true is not: a bug of ours, never a client's fault. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** A broken promise of our own code. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}
