// Lets through what the user may do. https://kubernetes.io/docs/reference/access-authn-authz/authorization/

import { quoteText, StatusError } from "../../api/door.ts";
import type { Attributes, Authorizer, Decision } from "../authorization/authorizer.ts";
import type { ApiRequest, ApiResponse, Filter } from "../exchange.ts";
import type { Logger } from "../logging.ts";
import { plainText } from "../plain-text.ts";
import { respondWithError } from "../render/respond-status.ts";

interface AuthorizeOptions {
  readonly authorizer: Authorizer;
  readonly logger: Logger;
}

export function authorize({ authorizer, logger }: AuthorizeOptions): Filter {
  return (next) => async (request) => {
    const attributes = attributesOf(request);
    let decision: Decision;
    try {
      const decided = authorizer.authorize(attributes, request.signal);
      decision = decided instanceof Promise ? await decided : decided;
    } catch (error) {
      logger.error({ error, path: request.rawPath }, "a request could not be authorized");
      return undecided(request);
    }
    if (decision.verdict !== "allow") return refused(request, forbidden(attributes, decision.reason));
    return next(request);
  };
}

/** Nobody could say whether the user may: the reference tells that as text. Why is in the log, since it is not the client's to know. */
function undecided({ rawPath }: ApiRequest): ApiResponse {
  return plainText(
    500,
    `Internal Server Error: ${JSON.stringify(sanitized(rawPath))}: the request could not be authorized\n`,
  );
}

/** A refusal names what the client sent: no browser shall take it for anything but what it says it is. */
export function refused(request: ApiRequest, error: StatusError): ApiResponse {
  const response = respondWithError(request, error);
  response.headers["x-content-type-options"] = "nosniff";
  return response;
}

export function attributesOf({ info, user }: Pick<ApiRequest, "info" | "user">): Attributes {
  const { isResource, verb, path, group, version, resource, subresource, namespace, name } = info;
  const { labelSelector, fieldSelector } = info;
  return {
    user,
    isResource,
    verb,
    path,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    labelSelector,
    fieldSelector,
  };
}

/** 403 in Kubernetes' words: who may not do what to what, where, and why. */
export function forbidden(attributes: Attributes, reason: string): StatusError {
  const { group, resource, name } = attributes;
  const why = `${sanitized(describe(attributes))}${reason === "" ? "" : `: ${reason}`}`;
  return StatusError.forbidden({ group, resource }, name, why);
}

function describe({ user, isResource, verb, path, group, resource, subresource, namespace }: Attributes): string {
  const who = `User ${quoteText(user.name)} cannot ${verb}`;
  if (!isResource) return `${who} path ${quoteText(path)}`;
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${quoteText(namespace)}`;
  return `${who} resource ${quoteText(what)} in API group ${quoteText(group)} ${where}`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Some clients show refusals in web pages; what the client itself named must not become part of one. */
function sanitized(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character] ?? character);
}
