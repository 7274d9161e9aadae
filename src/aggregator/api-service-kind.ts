// The shape of an APIService. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/api-service-v1/

import { defineKind, type FieldNumbers, Type } from "../api/door.ts";

/** The port of a service where its reference names none. */
export const servicePortDefault = 443;

const serviceReference = Type.Object(
  {
    namespace: Type.Optional(Type.String({ description: "The namespace of the service." })),
    name: Type.Optional(Type.String({ description: "The name of the service." })),
    port: Type.Optional(
      Type.Integer({
        format: "int32",
        keepEmpty: true,
        description: "The port of the service, 1 to 65535. Default 443.",
      }),
    ),
  },
  {
    $id: "ServiceReference",
    keepEmpty: true,
    description: "Names a service.",
    fieldDescription: "The service that the server is behind; left out where it is served here.",
  },
);

const apiServiceSpec = Type.Object(
  {
    service: Type.Optional({
      ...serviceReference,
      description:
        "The service of the server that answers for the version; absent where the main API server itself does.",
    }),
    group: Type.Optional(Type.String({ description: "The API group that the server serves." })),
    version: Type.Optional(Type.String({ description: 'The version of the group, such as "v1".' })),
    insecureSkipTLSVerify: Type.Optional(
      Type.Boolean({ description: "Whether anybody may answer for the server. Strongly discouraged: use caBundle." }),
    ),
    caBundle: Type.Optional(
      Type.String({
        format: "byte",
        "x-kubernetes-list-type": "atomic",
        description: "PEM certificates that the server's certificate must lead to. Default: the machine's authorities.",
      }),
    ),
    groupPriorityMinimum: Type.Integer({
      format: "int32",
      // What Go writes where nothing was given; the rules then refuse it in their own words.
      default: 0,
      description: "How much the group is preferred over others, 1 to 20000; the highest of its versions counts.",
    }),
    versionPriority: Type.Integer({
      format: "int32",
      // What Go writes where nothing was given; the rules then refuse it in their own words.
      default: 0,
      description:
        "How much the version is preferred inside its group, 1 to 1000; among equals v2 comes before v1, v1 before v1beta1.",
    }),
  },
  {
    $id: "APIServiceSpec",
    description: "Where a version of a group is served, and how it is reached.",
    fieldDescription: "Where a version of a group is served, and how it is reached.",
  },
);

const apiServiceCondition = Type.Object(
  {
    type: Type.String({ description: "What the condition says something about." }),
    status: Type.String({ description: "True, False or Unknown." }),
    lastTransitionTime: Type.Optional(
      Type.String({ format: "date-time", description: "When the status last changed." }),
    ),
    reason: Type.Optional(Type.String({ description: "Why, as one CamelCase word." })),
    message: Type.Optional(Type.String({ description: "Why, as a person reads it." })),
  },
  { $id: "APIServiceCondition", description: "One thing that is known of an APIService." },
);

const apiServiceStatus = Type.Object(
  {
    conditions: Type.Optional(
      Type.Array(apiServiceCondition, {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-patch-merge-key": "type",
        description: "What is known of the APIService: Available says whether the server answers.",
      }),
    ),
  },
  {
    $id: "APIServiceStatus",
    description: "What is known of the server behind an APIService.",
    fieldDescription: "What is known of the server behind an APIService.",
  },
);

/** The group whose versions say where all other groups are served. */
export const registrationGroup = "apiregistration.k8s.io";

/** As programs in Go number them: https://github.com/kubernetes/kube-aggregator, pkg/apis/apiregistration/v1/generated.proto. */
const protobufNumbers: FieldNumbers = {
  APIService: { metadata: 1, spec: 2, status: 3 },
  APIServiceSpec: {
    service: 1,
    group: 2,
    version: 3,
    insecureSkipTLSVerify: 4,
    caBundle: 5,
    groupPriorityMinimum: 7,
    versionPriority: 8,
  },
  ServiceReference: { namespace: 1, name: 2, port: 3 },
  APIServiceStatus: { conditions: 1 },
  APIServiceCondition: { type: 1, status: 2, lastTransitionTime: 3, reason: 4, message: 5 },
};

export const apiServiceKind = defineKind({
  group: registrationGroup,
  kind: "APIService",
  categories: ["api-extensions"],
  scope: "Cluster",
  emptyValues: "omit",
  protobuf: protobufNumbers,
  definitionPrefix: "io.k8s.kube-aggregator.pkg.apis.apiregistration",
  versions: {
    v1: {
      description: 'APIService says who serves one version of an API group. Its name must be "version.group".',
      schema: Type.Object({
        spec: Type.Optional({ ...apiServiceSpec, default: {} }),
        status: Type.Optional({ ...apiServiceStatus, default: {} }),
      }),
      default({ spec }) {
        // Not where it says 0, which the rules refuse.
        if (spec?.service !== undefined) spec.service.port ??= servicePortDefault;
      },
    },
  },
});
