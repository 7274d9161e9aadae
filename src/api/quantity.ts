// Amounts of a resource, such as `500m`, `1.5Gi` and `2e3`.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

/** An amount, exact to the billionth. */
export interface Quantity {
  /** The amount in billionths. */
  readonly nanos: bigint;
  /** How it was written: with powers of 1024 (`Ki`), of 1000 (`k`), or with an exponent (`e3`). */
  readonly format: "binary" | "decimal" | "exponent";
}

const nanosPerUnit = 1_000_000_000n;
/** Greater amounts are cut down to this one, as in Kubernetes: the greatest int64. */
const nanosMax = (2n ** 63n - 1n) * nanosPerUnit;

const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d{1,4})|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?$/;

/** Reads an amount; undefined where the text is none. What is finer than a billionth is rounded away from zero. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = pattern.exec(text);
  const [, sign, whole = "", fraction = "", exponentMark, exponent = "0", suffix = ""] = match ?? [];
  if (match === null || (whole === "" && fraction === "")) return undefined;
  const digits = BigInt(whole + fraction);
  const binaryPower = binarySuffixes.indexOf(suffix);
  const isBinary = binaryPower > 0;
  const decimalPower = exponentMark === undefined ? (decimalSuffixes.indexOf(suffix) - 3) * 3 : Number(exponent);
  const scale = isBinary ? 1024n ** BigInt(binaryPower) : 1n;
  // Kubernetes' largest is below 10^19; a greater power would only make a greater number to cut down.
  const power = Math.max(-100, Math.min(100, (isBinary ? 0 : decimalPower) + 9 - fraction.length));
  const magnitude = scaleByTen(digits * scale, power);
  const capped = magnitude > nanosMax ? nanosMax : magnitude;
  const format = isBinary ? "binary" : exponentMark === undefined ? "decimal" : "exponent";
  return { nanos: sign === "-" ? -capped : capped, format };
}

/** `value` times 10 to the `power`, rounded up. */
function scaleByTen(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

/** The canonical text: no fraction, and the greatest suffix that allows it. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return "0";
  const isBinary = format === "binary" && nanos % nanosPerUnit === 0n && magnitude(nanos / nanosPerUnit) >= 1024n;
  if (isBinary) return withSuffix(nanos / nanosPerUnit, { base: 1024n, suffixes: binarySuffixes });
  const suffixes = format === "exponent" ? exponents : decimalSuffixes;
  return withSuffix(nanos, { base: 1000n, suffixes });
}

const exponents = ["e-9", "e-6", "e-3", "", "e3", "e6", "e9", "e12", "e15", "e18"];

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function withSuffix(
  amount: bigint,
  { base, suffixes }: { readonly base: bigint; readonly suffixes: readonly string[] },
): string {
  let rest = amount;
  let power = 0;
  while (rest % base === 0n && power < suffixes.length - 1) {
    rest /= base;
    power++;
  }
  return `${rest}${suffixes[power] ?? ""}`;
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : Number(a.nanos > b.nanos);
}
