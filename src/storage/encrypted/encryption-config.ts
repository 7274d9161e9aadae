// The file of `--encryption-provider-config`, as Kubernetes has it, already decoded from YAML.
// https://kubernetes.io/docs/reference/config-api/apiserver-config.v1/#apiserver-config-k8s-io-v1-EncryptionConfiguration

import {
  ciphers,
  type EncryptionKey,
  type EncryptionProvider,
  identityTransformer,
  transformerOf,
  type ValueTransformer,
} from "./value-transformer.ts";

/** Which resources are encrypted, and how. */
export interface EncryptionConfig {
  /** How the values of a resource are stored, such as of "secrets" in the group "". */
  transformerFor(resource: string, group: string): ValueTransformer;
}

/** Reads the configuration. Throws an EncryptionConfigError that names the field where one is not as it must be. */
export function parseEncryptionConfig(document: unknown): EncryptionConfig {
  const { apiVersion, kind, resources } = fieldsOf(document, "", ["apiVersion", "kind", "resources"]);
  if (kind !== "EncryptionConfiguration") throw invalid("kind", '"EncryptionConfiguration"', kind);
  if (apiVersion !== "apiserver.config.k8s.io/v1")
    throw invalid("apiVersion", '"apiserver.config.k8s.io/v1"', apiVersion);

  // Several entries of one resource read what any of them wrote; the first one writes.
  const providersOf = new Map<string, EncryptionProvider[]>();
  for (const [entry, path] of listOf(resources, "resources")) {
    const { resources: names, providers } = fieldsOf(entry, path, ["resources", "providers"]);
    const parsed = listOf(providers, `${path}.providers`).map(([provider, at]) => parseProvider(provider, at));
    for (const [name, at] of listOf(names, `${path}.resources`)) {
      const resource = canonicalName(textOf(name, at), at);
      assertReachable(resource, at, providersOf);
      providersOf.set(resource, [...(providersOf.get(resource) ?? []), ...parsed]);
    }
  }
  const transformers = new Map([...providersOf].map(([resource, providers]) => [resource, transformerOf(providers)]));
  return {
    transformerFor(resource, group) {
      const named =
        transformers.get(`${resource}.${group}`) ?? transformers.get(`*.${group}`) ?? transformers.get("*.*");
      return named ?? identityTransformer;
    },
  };
}

/** What is wrong with a configuration. */
export class EncryptionConfigError extends Error {
  override readonly name = "EncryptionConfigError";
}

function parseProvider(value: unknown, path: string): EncryptionProvider {
  const names = [...Object.keys(ciphers), "identity", "kms"];
  const fields = Object.entries(fieldsOf(value, path, names)).filter(
    ([, field]) => field !== undefined && field !== null,
  );
  const [field, ...more] = fields;
  if (field === undefined || more.length > 0)
    throw invalid(path, `one of ${names.join(", ")}`, `${fields.length} of them`);
  const [name, options] = field;
  if (name === "kms") throw new EncryptionConfigError(`Cannot use ${path}.kms as only keys in the file are supported`);
  if (!isCipher(name)) return { name: "identity" };
  const { keys } = fieldsOf(options, `${path}.${name}`, ["keys"]);
  return { name, keys: listOf(keys, `${path}.${name}.keys`).map(([key, at]) => parseKey(key, at, name)) };
}

function parseKey(value: unknown, path: string, cipher: keyof typeof ciphers): EncryptionKey {
  const { name, secret } = fieldsOf(value, path, ["name", "secret"]);
  const encoded = textOf(secret, `${path}.secret`);
  const decoded = Buffer.from(encoded, "base64");
  if (decoded.toString("base64").replace(/=+$/, "") !== encoded.trim().replace(/=+$/, "")) {
    throw new EncryptionConfigError(`Cannot use ${path}.secret as it must be base64`);
  }
  const sizes: readonly number[] = ciphers[cipher].secretSizesBytes;
  if (!sizes.includes(decoded.length)) {
    throw invalid(`${path}.secret`, `${sizes.join(" or ")} bytes`, `${decoded.length} bytes`);
  }
  return { name: textOf(name, `${path}.name`), secret: decoded };
}

function isCipher(name: string): name is keyof typeof ciphers {
  return Object.hasOwn(ciphers, name);
}

/** "secrets" becomes "secrets.", so that resource and group are always told apart by the first dot. */
function canonicalName(name: string, path: string): string {
  if (name === "*") throw invalid(path, '"*." for the core group or "*.*" for all', '"*"');
  return name.includes(".") ? name : `${name}.`;
}

/** A rule behind one that takes all that it names would never apply. */
function assertReachable(resource: string, path: string, earlier: ReadonlyMap<string, unknown>): void {
  const wholeGroup = `*.${resource.slice(resource.indexOf(".") + 1)}`;
  const masking = [wholeGroup, "*.*"].find((rule) => rule !== resource && earlier.has(rule));
  if (masking !== undefined) {
    throw new EncryptionConfigError(`Cannot use ${path} as no earlier rule may mask it: "${masking}" does`);
  }
}

function fieldsOf<Name extends string>(
  value: unknown,
  path: string,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(path || "the file", "an object", value);
  const isKnown = (name: string): name is Name => names.some((known) => known === name);
  const fields: Partial<Record<Name, unknown>> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!isKnown(name))
      throw new EncryptionConfigError(`Cannot use ${path && `${path}.`}${name} as there is no such field`);
    fields[name] = field;
  }
  return fields;
}

/** The elements with their paths; at least one. */
function listOf(value: unknown, path: string): [unknown, string][] {
  if (!Array.isArray(value) || value.length === 0) throw invalid(path, "a list that is not empty", value);
  return value.map((element: unknown, i) => [element, `${path}[${i}]`]);
}

function textOf(value: unknown, path: string): string {
  if (typeof value !== "string" || value === "") throw invalid(path, "a text", typeof value);
  return value;
}

function invalid(path: string, wanted: string, actual: unknown): EncryptionConfigError {
  return new EncryptionConfigError(`Cannot use ${path} as it must be ${wanted}: it is ${actual}`);
}
