// Discovery documents as protobuf, the classic ones and the aggregated one.
// Field numbers: https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/generated.proto
// and https://github.com/kubernetes/api/blob/master/apidiscovery/v2/generated.proto

import { getOwn } from "../../base/own.ts";
import { bytes, envelope, text } from "./protobuf.ts";
import { type BinaryWriter, newWriter, WireType } from "./wire.ts";

/** The number of a field, and the message that it holds where it is none of texts and truth values. */
type Field = number | readonly [number: number, message: string];

const groupVersionKind = { group: 1, version: 2, kind: 3 };

const messages: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  APIGroupList: { groups: [1, "APIGroup"] },
  APIGroup: {
    name: 1,
    versions: [2, "GroupVersionForDiscovery"],
    preferredVersion: [3, "GroupVersionForDiscovery"],
    serverAddressByClientCIDRs: [4, "ServerAddressByClientCIDR"],
  },
  APIVersions: { versions: 1, serverAddressByClientCIDRs: [2, "ServerAddressByClientCIDR"] },
  GroupVersionForDiscovery: { groupVersion: 1, version: 2 },
  ServerAddressByClientCIDR: { clientCIDR: 1, serverAddress: 2 },
  APIResourceList: { groupVersion: 1, resources: [2, "APIResource"] },
  APIResource: {
    name: 1,
    namespaced: 2,
    kind: 3,
    verbs: [4, "Verbs"],
    shortNames: 5,
    singularName: 6,
    categories: 7,
    group: 8,
    version: 9,
    storageVersionHash: 10,
  },
  APIGroupDiscoveryList: { metadata: [1, "ListMeta"], items: [2, "APIGroupDiscovery"] },
  APIGroupDiscovery: { metadata: [1, "ObjectMeta"], versions: [2, "APIVersionDiscovery"] },
  APIVersionDiscovery: { version: 1, resources: [2, "APIResourceDiscovery"], freshness: 3 },
  APIResourceDiscovery: {
    resource: 1,
    responseKind: [2, "GroupVersionKind"],
    scope: 3,
    singularResource: 4,
    verbs: 5,
    shortNames: 6,
    categories: 7,
    subresources: [8, "APISubresourceDiscovery"],
  },
  APISubresourceDiscovery: { subresource: 1, responseKind: [2, "GroupVersionKind"], verbs: 4 },
  GroupVersionKind: groupVersionKind,
  ListMeta: {},
  ObjectMeta: { name: 1 },
};

/** A document by its kind; undefined for one that is none of discovery's. */
export function encodeProtobufDiscovery(document: object): Buffer | undefined {
  const { kind, apiVersion = "v1" }: { kind?: unknown; apiVersion?: unknown } = document;
  if (typeof kind !== "string" || getOwn(messages, kind) === undefined) return undefined;
  return envelope(String(apiVersion), kind, encodeMessage(document, kind));
}

function encodeMessage(value: object, name: string): Uint8Array {
  const writer = newWriter();
  for (const [field, known] of Object.entries(messages[name] ?? {})) {
    const member: unknown = getOwn({ ...value }, field);
    if (member === undefined) continue;
    if (typeof known === "number") writePlain(writer, known, member);
    else if (known[1] === "Verbs") bytes(writer, known[0], encodeVerbs(member));
    else for (const part of listOf(member)) bytes(writer, known[0], encodeMessage(Object(part), known[1]));
  }
  return writer.finish();
}

function writePlain(writer: BinaryWriter, field: number, value: unknown): void {
  if (typeof value === "boolean") writer.tag(field, WireType.Varint).bool(value);
  else for (const one of listOf(value)) text(writer, field, String(one), true);
}

/** Verbs are a message of their own, so that none and no list differ. */
function encodeVerbs(verbs: unknown): Uint8Array {
  const writer = newWriter();
  writePlain(writer, 1, verbs);
  return writer.finish();
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
