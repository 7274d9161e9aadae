// POST …/serviceaccounts/NAME/token: a token for a service account.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/

import {
  type ApiObject,
  bodyFormat,
  DecodeError,
  decodeProtobufObject,
  decodeVersioned,
  defineKind,
  type FieldError,
  fieldError,
  objectSchema,
  parseDocument,
  StatusError,
  Type,
  unreadableBody,
} from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { formatTimestamp } from "../../base/timestamp.ts";
import {
  type ApiRequest,
  type ApiResponse,
  type ConnectSubresource,
  defineResource,
  type Resource,
} from "../../server/door.ts";
import { cellText, part } from "../resources/columns.ts";
import { atomicList, int64Pointer, struct, text } from "../resources/fields.ts";
import { tokenRequestNumbers } from "../resources/protobuf-numbers.ts";
import { secretKind } from "../resources/secret.ts";
import { serviceAccountKind, serviceAccountRules } from "../resources/service-account.ts";
import type { Views } from "../views.ts";
import type { BoundObject, ServiceAccountTokens } from "./service-account-tokens.ts";

const tokenRequestKind = defineKind({
  group: "authentication.k8s.io",
  kind: "TokenRequest",
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: tokenRequestNumbers,
  definitionPrefix: "io.k8s.api.authentication",
  versions: {
    v1: {
      description: "TokenRequest asks for a token of a service account.",
      schema: Type.Object({
        spec: Type.Object(
          {
            audiences: atomicList(Type.String(), "Whom the token is meant for. Default: this API server."),
            expirationSeconds: int64Pointer("How long it is to hold. Default one hour, at least ten minutes."),
            boundObjectRef: Type.Optional(
              Type.Object(
                {
                  kind: text("Secret."),
                  apiVersion: text("Version of the object's API."),
                  name: text("Name of the object."),
                  uid: text("UID of the object."),
                },
                {
                  $id: "BoundObjectReference",
                  keepEmpty: true,
                  description: "An object with which the token ends.",
                },
              ),
            ),
          },
          { $id: "TokenRequestSpec", description: "What the token is to be." },
        ),
        status: struct(
          Type.Object(
            { token: text("The token."), expirationTimestamp: text("When it ends.") },
            { $id: "TokenRequestStatus", description: "The token." },
          ),
        ),
      }),
    },
  },
});

interface TokenRequestOptions {
  readonly tokens: ServiceAccountTokens;
  readonly views: Views;
  readonly clock: Clock;
}

/** Service accounts with their token subresource. */
export function serviceAccountResource(options: TokenRequestOptions): Resource {
  const token: ConnectSubresource = {
    methods: ["POST"],
    kind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
    connect: (request, account) => createToken(request, account, options),
  };
  return defineResource(serviceAccountKind, { ...serviceAccountRules, connect: { token } });
}

/** A request for a token is far below this. */
const bodyBytesMax = 1024 * 1024;
const expirationSecondsDefault = 60 * 60;
const expirationSecondsMin = 10 * 60;
const expirationSecondsMax = 2 ** 32;

async function createToken(
  request: ApiRequest,
  account: ApiObject,
  { tokens, views, clock }: TokenRequestOptions,
): Promise<ApiResponse> {
  const asked = readTokenRequest(request, await request.readBody(bodyBytesMax));
  const { name = "", namespace = "" } = account.metadata;
  requireSame("name", asked.metadata.name, name);
  requireSame("namespace", asked.metadata.namespace, namespace);
  const spec = part(asked, "spec");
  const given = Array.isArray(spec.audiences) ? spec.audiences.map(String) : [];
  const audiences = given.length === 0 ? [tokens.issuer] : given;
  const expirationSeconds = Number(spec.expirationSeconds ?? expirationSecondsDefault);
  const errors = expirationErrors(expirationSeconds);
  if (errors.length > 0) throw StatusError.invalid(tokenRequestKind, "", errors);
  const boundTo = boundObject(spec.boundObjectRef, namespace, views);
  const { token, expires } = tokens.issue(account, { audiences, expirationSeconds, boundTo });
  const answer = {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: formatTimestamp(clock.nowMs()) },
    spec: { audiences, expirationSeconds, boundObjectRef: boundTo ?? null },
    status: { token, expirationTimestamp: formatTimestamp(expires * 1000) },
  };
  return {
    status: 201,
    headers: { "content-type": "application/json", "cache-control": "no-cache, private" },
    body: Buffer.from(`${JSON.stringify(answer)}\n`),
  };
}

function readTokenRequest({ headers }: ApiRequest, body: Buffer): ApiObject {
  const contentType = String(headers["content-type"] ?? "application/json");
  const format = bodyFormat(contentType);
  if (format === undefined)
    throw new StatusError("UnsupportedMediaType", `the body of the request was in an unknown format: ${contentType}`);
  if (body.length === 0)
    return { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata: {}, spec: {} };
  try {
    const value =
      format === "protobuf"
        ? decodeProtobufObject(body, {
            root: objectSchema(tokenRequestKind, "v1").root,
            name: "TokenRequest",
            numbers: tokenRequestNumbers,
          })
        : parseDocument(body, format).value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new DecodeError("", "object", value);
    const kind = "kind" in value ? value.kind : undefined;
    if (kind !== undefined && kind !== "" && kind !== "TokenRequest")
      throw StatusError.badRequest(`no kind ${JSON.stringify(kind)} is read here: it must be TokenRequest`);
    return decodeVersioned(tokenRequestKind, "v1", value);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw unreadableBody("TokenRequest", body, error);
  }
}

function requireSame(field: "name" | "namespace", given: string | undefined, onUrl: string): void {
  if (given !== undefined && given !== "" && given !== onUrl)
    throw StatusError.badRequest(
      `the ${field} of the object (${given}) does not match the ${field} on the URL (${onUrl})`,
    );
}

function expirationErrors(seconds: number): FieldError[] {
  const path = "spec.expirationSeconds";
  if (seconds < expirationSecondsMin)
    return [fieldError.invalid(path, seconds, "may not specify a duration less than 10 minutes")];
  return seconds > expirationSecondsMax
    ? [fieldError.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")]
    : [];
}

/** The object that a token is to end with. Pods and nodes, the other kinds that Kubernetes knows, are none of this control plane's. */
function boundObject(value: unknown, namespace: string, views: Views): BoundObject | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, apiVersion, name, uid }: Readonly<Record<string, unknown>> = { ...value };
  const wanted = { kind: cellText(kind), apiVersion: cellText(apiVersion), name: cellText(name), uid: cellText(uid) };
  const notFound = (resource: string) => StatusError.notFound({ group: "", resource }, wanted.name);
  if (wanted.apiVersion === "v1" && (wanted.kind === "Pod" || wanted.kind === "Node"))
    throw notFound(`${wanted.kind.toLowerCase()}s`);
  if (wanted.apiVersion !== "v1" || wanted.kind !== "Secret")
    throw StatusError.badRequest(`cannot bind token to object of type ${wanted.apiVersion}, Kind=${wanted.kind}`);
  const secret = views.of(secretKind).get(namespace, wanted.name);
  if (secret === undefined) throw notFound("secrets");
  if (wanted.uid !== "" && wanted.uid !== secret.metadata.uid)
    throw StatusError.conflict(
      { group: "", resource: "Secret" },
      wanted.name,
      `the UID in the bound object reference (${wanted.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  return { ...wanted, uid: secret.metadata.uid ?? "" };
}
