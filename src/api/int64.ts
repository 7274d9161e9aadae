// Kubernetes' integers have 64 bits, JavaScript's exact numbers 53. An integer is a number wherever that is exact, and a bigint beyond.

declare global {
  interface JSON {
    /** Not in TypeScript's library yet. https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/JSON/rawJSON */
    rawJSON(text: string): unknown;
  }
}

/** An integer as a number where that is exact or where no int64 holds it, and as a bigint in between. */
export function exactInteger(value: bigint): number | bigint {
  const number = Number(value);
  if (Number.isSafeInteger(number) || BigInt.asIntN(64, value) !== value) return number;
  letBigIntsBeJson();
  return value;
}

const int64Max = 2n ** 63n - 1n;

/** One more, up to the greatest int64. An integer field's type says number, and a bigint is there only where a client sent one. */
export function incrementInt64(value: number | bigint = 0): number {
  if (typeof value === "number" && value < Number.MAX_SAFE_INTEGER) return value + 1;
  const next = BigInt(value) + 1n;
  return exactInteger(next > int64Max ? int64Max : next) as number; // As in every other integer field of an object.
}

/**
 * JSON.stringify refuses bigints by itself. Such an object must be written like any other, by our code and by that of a kind's author.
 */
function letBigIntsBeJson(): void {
  if (Object.hasOwn(BigInt.prototype, "toJSON")) return;
  Object.defineProperty(BigInt.prototype, "toJSON", {
    value(this: bigint) {
      return JSON.rawJSON(this.toString());
    },
    configurable: true,
    writable: true,
  });
}
