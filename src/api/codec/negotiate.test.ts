import { strict as assert } from "node:assert";
import { test } from "node:test";
import {
  bodyFormat,
  isAcceptable,
  isPretty,
  negotiate,
  routerNotAcceptable,
  unsupportedMediaType,
  verbNotAcceptable,
  watchNotAcceptable,
} from "./negotiate.ts";

/** The format, and the form where one is asked for. */
function agreed(accept: string | undefined, options?: Parameters<typeof negotiate>[1]): string | undefined {
  const negotiated = negotiate(accept, options);
  if (negotiated === undefined) return undefined;
  const { format, as, asVersion } = negotiated;
  return as === undefined ? format : `${format} ${as} ${asVersion}`;
}

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

test("negotiate() takes the best quality, and named types before wildcards", () => {
  const headers: Record<string, string | undefined> = {
    "": "json",
    "*/*": "json",
    "application/*": "json",
    "*": "json",
    "application/yaml": "yaml",
    "application/yaml, application/json": "yaml",
    "application/yaml;q=0.5,application/json": "json",
    "*/*,application/yaml": "yaml",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "json",
    "application/json;q=0": "json",
    "application/yaml;q=x,application/json;q=0.1": "json",
    "application/vnd.kubernetes.protobuf,application/json": "protobuf",
    "application/cbor,application/json": "json",
    "application/json;charset=utf-8": "json",
    "text/html": undefined,
    nonsense: undefined,
    "application/json/x": undefined,
  };
  assert.equal(agreed(undefined), "json");
  for (const [accept, expected] of Object.entries(headers)) assert.equal(agreed(accept), expected, accept);
});

test("negotiate() finds the form that kubectl asks for, and skips one that nobody knows", () => {
  const headers: Record<string, string | undefined> = {
    [table]: "json Table v1",
    [`${table.replace("v1", "v1beta1")},${table},application/json`]: "json Table v1beta1",
    "application/yaml;as=PartialObjectMetadata;v=v1;g=meta.k8s.io": "yaml PartialObjectMetadata v1",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io": "json PartialObjectMetadataList v1",
    "application/json;as=Nope;v=v1;g=meta.k8s.io": undefined,
    "application/json;as=Nope;v=v1;g=meta.k8s.io,application/json": "json",
    "application/json;as=Table;v=v2;g=meta.k8s.io": undefined,
    "application/json;as=Table;v=v1;g=example.com": undefined,
    "application/json;as=Table": undefined,
    "application/json;v=v1": undefined,
    "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io": undefined,
    "application/json;as=": "json",
  };
  for (const [accept, expected] of Object.entries(headers)) assert.equal(agreed(accept), expected, accept);
  assert.equal(agreed(table, { transforms: false }), undefined);
});

test("negotiate() takes protobuf of whole objects last where it is told to, and that of their metadata as it is ranked", () => {
  const protobuf = "application/vnd.kubernetes.protobuf";
  const metadata = `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
  const headers: Record<string, string | undefined> = {
    [protobuf]: "protobuf",
    [`${protobuf},text/html`]: "protobuf",
    [`${protobuf},application/json`]: "json",
    [`${protobuf}, */*`]: "json",
    [metadata]: "protobuf PartialObjectMetadataList v1",
    [`${metadata},application/json`]: "protobuf PartialObjectMetadataList v1",
  };
  for (const [accept, expected] of Object.entries(headers))
    assert.equal(agreed(accept, { protobuf: "last" }), expected, accept);
});

test("negotiate() lets a named type pass a wildcard that stands before it, whatever its quality", () => {
  assert.equal(agreed("*/*,application/yaml;q=0.1"), "yaml");
  assert.equal(agreed("application/yaml;q=0.1,*/*"), "json");
  assert.equal(agreed("application/json;q=0.1,*/*,application/yaml;q=0.2"), "yaml");
  assert.equal(agreed("application/*;q=0.9,application/yaml;q=0.1,*/*"), "json");
  assert.equal(agreed("text/html,application/xml;q=0.9,application/yaml;q=0.5,*/*;q=0.8"), "json");
});

test("negotiate() knows streams of JSON and protobuf only", () => {
  assert.equal(agreed("application/json;stream=watch"), "json");
  assert.equal(agreed("application/vnd.kubernetes.protobuf;stream=watch"), "protobuf");
  assert.equal(agreed("application/yaml;stream=watch"), undefined);
  assert.equal(agreed("application/json;stream=nope"), undefined);
});

test("isAcceptable() takes the types that the router names, to the letter", () => {
  for (const accept of ["", "*/*", "application/json;q=0.5", "text/html, application/yaml", "*/*;q=0.1"])
    assert.equal(isAcceptable(accept, "documents"), true, accept);
  assert.equal(isAcceptable(undefined, "documents"), true);
  for (const accept of ["application/*", "APPLICATION/JSON", "text/html", "application/cbor", "nonsense"])
    assert.equal(isAcceptable(accept, "documents"), false, accept);
  assert.equal(isAcceptable("application/yaml", "json"), false);
});

test("each 406 and 415 names what would be accepted", () => {
  assert.equal(
    routerNotAcceptable("streams").message,
    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
  );
  assert.deepEqual(routerNotAcceptable("documents").details, {});
  assert.equal(
    verbNotAcceptable().message,
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  );
  assert.equal(verbNotAcceptable().details, undefined);
  assert.match(
    watchNotAcceptable().message,
    /: application\/json;stream=watch, application\/vnd.kubernetes.protobuf;stream=watch$/,
  );
  assert.equal(unsupportedMediaType("text/plain").code, 415);
});

test("isPretty() is for people: by their client, by the query, or by a parameter of the type", () => {
  const plain = { format: "json", as: undefined, asVersion: "", pretty: undefined } as const;
  const ask = (query: string | null, userAgent?: string) => isPretty(plain, { query, userAgent });
  assert.deepEqual(
    ["true", "1", "T", "0", "false", "nonsense"].map((query) => ask(query, "curl/8.0")),
    [true, true, true, false, false, false],
  );
  assert.deepEqual(
    ["curl/8.0", "Mozilla/5.0 (X11)", "Wget/1", "kubectl/v1.36", undefined].map((agent) => ask(null, agent)),
    [true, true, true, false, false],
  );
  assert.equal(isPretty({ ...plain, pretty: true }, { query: "0", userAgent: undefined }), true);
});

test("bodyFormat() reads a content type in any case and with parameters, and JSON where there is none", () => {
  const types: Record<string, string | undefined> = {
    "": "json",
    "application/json": "json",
    "Application/JSON; charset=utf-8": "json",
    'application/json; charset="utf-8"': "json",
    "application/json;": "json",
    "application/yaml": "yaml",
    "application/vnd.kubernetes.protobuf": "protobuf",
    "application/json; charset": undefined,
    "application/json; a=b; A=b": "json",
    "application/json; a=b; A=c": undefined,
    "*/*": undefined,
    "text/plain": undefined,
    "application/json, application/yaml": undefined,
    " ": undefined,
  };
  assert.equal(bodyFormat(undefined), "json");
  for (const [type, format] of Object.entries(types)) assert.equal(bodyFormat(type), format, type);
});
