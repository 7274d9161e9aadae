// The definitions of what discovery and /version answer, which no other document needs.

import type { JsonSchema } from "./json-schema.ts";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
/** Their names in version 2 of OpenAPI. */
export const groupType = `${meta}.APIGroup`;
export const groupListType = `${meta}.APIGroupList`;
export const versionsType = `${meta}.APIVersions`;
export const versionInfoType = "io.k8s.apimachinery.pkg.version.Info";

type Definitions = Readonly<Record<string, JsonSchema>>;

const reference = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` });
const text = (description: string): JsonSchema => ({ description, type: "string" });
const atomicList = (description: string, items: JsonSchema): JsonSchema => ({
  description,
  type: "array",
  items,
  "x-kubernetes-list-type": "atomic",
});
const typeMeta = { apiVersion: text("Always 'v1'."), kind: text("What this is.") };
const coreKind = (kind: string) => ({ "x-kubernetes-group-version-kind": [{ group: "", kind, version: "v1" }] });
const addresses = atomicList(
  "Where clients of some networks reach the server.",
  reference(`${meta}.ServerAddressByClientCIDR`),
);

const parts: Definitions = {
  [`${meta}.GroupVersionForDiscovery`]: {
    description: "A version of a group.",
    type: "object",
    required: ["groupVersion", "version"],
    properties: {
      groupVersion: text("The group and the version, 'group/version'."),
      version: text("The version alone."),
    },
  },
  [`${meta}.ServerAddressByClientCIDR`]: {
    description: "An address of the server, for clients of one network.",
    type: "object",
    required: ["clientCIDR", "serverAddress"],
    properties: { clientCIDR: text("The network."), serverAddress: text("Where those clients reach the server.") },
  },
};

const group: Definitions = {
  [groupType]: {
    description: "A group with its versions.",
    type: "object",
    required: ["name", "versions"],
    properties: {
      ...typeMeta,
      name: text("The name of the group."),
      preferredVersion: {
        ...reference(`${meta}.GroupVersionForDiscovery`),
        description: "The version to take.",
        default: {},
      },
      serverAddressByClientCIDRs: addresses,
      versions: atomicList("The versions of the group.", reference(`${meta}.GroupVersionForDiscovery`)),
    },
    ...coreKind("APIGroup"),
  },
};

/** What `/apis/GROUP` answers. */
export const groupDefinitions: Definitions = { ...parts, ...group };

/** What `/apis` answers. */
export const groupListDefinitions: Definitions = {
  ...groupDefinitions,
  [groupListType]: {
    description: "All groups but the core one.",
    type: "object",
    required: ["groups"],
    properties: { ...typeMeta, groups: atomicList("The groups.", reference(groupType)) },
    ...coreKind("APIGroupList"),
  },
};

/** What `/api` answers. */
export const versionsDefinitions: Definitions = {
  ...parts,
  [versionsType]: {
    description: "The versions of the core group.",
    type: "object",
    required: ["versions", "serverAddressByClientCIDRs"],
    properties: {
      ...typeMeta,
      serverAddressByClientCIDRs: addresses,
      versions: atomicList("The versions.", { type: "string" }),
    },
    ...coreKind("APIVersions"),
  },
};

const build = [
  "major",
  "minor",
  "gitVersion",
  "gitCommit",
  "gitTreeState",
  "buildDate",
  "goVersion",
  "compiler",
  "platform",
];
const compatible = ["emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor"];

/** What `/version` answers. */
export const versionInfoDefinitions: Definitions = {
  [versionInfoType]: {
    description: "Which version of the server this is, and how it was made.",
    type: "object",
    required: build,
    properties: Object.fromEntries([...build, ...compatible].sort().map((name) => [name, { type: "string" }])),
  },
};
