// A value that cannot be what its field is declared to be.

/** Becomes the end of a 400's message; the beginning (`Flunder in version …`) is known to the caller. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  readonly path: string;

  constructor(path: string, expected: string, value: unknown) {
    const where = path === "" ? "the object" : `field "${path}"`;
    super(`json: cannot unmarshal ${describeType(value)} into ${where} of type ${expected}`);
    this.path = path;
  }

  /** A failure that has words of its own, such as a time that does not parse. */
  static saying(path: string, message: string): DecodeError {
    const error = new DecodeError(path, "", undefined);
    error.message = message;
    return error;
  }
}

/** The JSON type of a value, as Go's decoder names it. A number that is no integer, or too large a one, is shown. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Number || typeof value === "bigint") return "number";
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}
