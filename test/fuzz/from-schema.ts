// Objects that nearly keep to a schema of OpenAPI v3: the right fields, some of them with what nobody expects there.

import type { Random } from "../../src/base/random.ts";
import { isRecord, recordOf } from "../../src/base/record.ts";

type Schema = Readonly<Record<string, unknown>>;

interface FromSchema {
  /** `components.schemas` of the document. */
  readonly schemas: Schema;
  readonly random: Random;
}

/** Of a hundred values, so many are anything at all. */
const oddPercent = 4;
/** Of a hundred fields, so many are there. */
const presentPercent = 45;
const depthMax = 9;
const odd: readonly unknown[] = [
  null,
  "",
  "__proto__",
  "\u0000",
  "ÿ💥",
  "a".repeat(300),
  -1,
  0,
  1.5,
  1e21,
  2 ** 53,
  true,
  [],
  {},
  [null],
  [{}],
  { a: { b: [1] } },
  JSON.parse('{"__proto__":{"x":1},"constructor":1,"toString":null}'),
];
const words = ["a", "b", "default", "example.com", "v1", "80", "TCP", "*", "10.96.0.9", "https", "a=b", "PT1S", "ada"];

/** A value for a schema. */
export function valueFor(schema: unknown, { schemas, random }: FromSchema, depth = 0): unknown {
  if (random.below(100) < oddPercent || depth > depthMax) return pick(odd, random);
  const { $ref, allOf, oneOf, type, enum: values, items, properties, additionalProperties, format } = recordOf(schema);
  const next = (inner: unknown) => valueFor(inner, { schemas, random }, depth + 1);
  if (typeof $ref === "string") return next(schemas[$ref.slice($ref.lastIndexOf("/") + 1)]);
  if (Array.isArray(allOf)) return next(allOf[0]);
  if (Array.isArray(oneOf)) return next(pick(oneOf, random));
  if (Array.isArray(values)) return pick(values, random);
  if (type === "array") return Array.from({ length: random.below(4) }, () => next(items));
  if (isRecord(properties)) {
    const present = Object.entries(properties).filter(() => random.below(100) < presentPercent);
    return Object.fromEntries(present.map(([name, inner]) => [name, next(inner)]));
  }
  if (additionalProperties !== undefined)
    return Object.fromEntries(
      Array.from({ length: random.below(3) }, () => [pick(words, random), next(additionalProperties)]),
    );
  if (type === "integer" || type === "number") return pick([0, 1, 5, 80, 443, 65_536, -1, 2 ** 31], random);
  if (type === "boolean") return random.below(2) === 0;
  if (type === "string") return format === "date-time" ? "2026-11-23T11:26:36Z" : pick(words, random);
  return pick([...odd, ...words], random);
}

function pick<T>(values: readonly T[], random: Random): T | undefined {
  return values[random.below(values.length)];
}
