// What a user may do, by asking the main API server.
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/

import { parseFieldSelector, parseLabelSelector } from "../../api/door.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { ExpiringCache } from "../../base/expiring-cache.ts";
import type { Client } from "../../client/door.ts";
import { review } from "../delegated-review.ts";
import type { Attributes, Authorizer, Decision } from "./authorizer.ts";

export interface DelegatedAuthorizationOptions {
  readonly client: Client;
  /** For how long a yes counts. Default 10 s. */
  readonly allowCacheTtlMs?: number;
  /** For how long a no counts. Default 10 s. */
  readonly denyCacheTtlMs?: number;
  readonly clock?: Clock;
}

/** As the reference's DelegatingAuthorizationOptions. */
const cacheTtlDefaultMs = 10_000;
/** 8,192 decisions with questions of about 500 bytes are 4 MiB. */
const entriesMax = 8_192;
/** A question that a client made longer than this is asked each time, so that nobody fills the memory with them. */
const questionCharactersMax = 10_000;

/** Asks once per question and lifetime; who asks the same meanwhile waits for the same answer. Rejects where there is none: fails closed. */
export function delegatedAuthorizer(options: DelegatedAuthorizationOptions): Authorizer {
  const {
    client,
    allowCacheTtlMs = cacheTtlDefaultMs,
    denyCacheTtlMs = cacheTtlDefaultMs,
    clock = systemClock,
  } = options;
  const decisions = new ExpiringCache<Decision>({ entriesMax, clock });
  const questions = new Map<string, Promise<Decision>>();

  async function ask(key: string, spec: object): Promise<Decision> {
    try {
      const decision = await decide(client, clock, spec);
      const lifetimeMs = decision.verdict === "allow" ? allowCacheTtlMs : denyCacheTtlMs;
      if (key.length <= questionCharactersMax) decisions.set(key, decision, lifetimeMs);
      return decision;
    } finally {
      questions.delete(key);
    }
  }

  return {
    authorize(attributes) {
      const spec = specOf(attributes);
      const key = JSON.stringify(spec);
      const known = decisions.get(key);
      if (known !== undefined) return known;
      const question = questions.get(key) ?? ask(key, spec);
      questions.set(key, question);
      return question;
    },
  };
}

const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

async function decide(client: Client, clock: Clock, spec: object): Promise<Decision> {
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", metadata: {}, spec };
  const { allowed, denied, reason } = await review({ client, clock, path, body });
  const why = typeof reason === "string" ? reason : "";
  if (denied === true) return { verdict: "deny", reason: why };
  return { verdict: allowed === true ? "allow" : "no opinion", reason: why };
}

function specOf(attributes: Attributes): object {
  const { user, isResource } = attributes;
  return {
    ...(isResource
      ? { resourceAttributes: resourceAttributesOf(attributes) }
      : { nonResourceAttributes: { path: attributes.path, verb: attributes.verb } }),
    user: user.name,
    ...(user.groups.length === 0 ? {} : { groups: user.groups }),
    ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
    ...(user.uid === "" ? {} : { uid: user.uid }),
  };
}

function resourceAttributesOf(attributes: Attributes): object {
  const { namespace, verb, group, version, resource, subresource, name } = attributes;
  const texts = Object.entries({ namespace, verb, group, version, resource, subresource, name });
  return { ...Object.fromEntries(texts.filter(([, text]) => text !== "")), ...selectorsOf(attributes) };
}

/** Selectors as requirements, so that the answer may depend on them. One that cannot be read is left out: the question is then the wider one. */
function selectorsOf({ labelSelector = "", fieldSelector = "" }: Attributes): object {
  const labels = labelSelector === "" ? undefined : readable(() => labelRequirements(labelSelector));
  const fields = fieldSelector === "" ? undefined : readable(() => fieldRequirements(fieldSelector));
  return {
    ...(fields === undefined ? {} : { fieldSelector: { requirements: fields } }),
    ...(labels === undefined ? {} : { labelSelector: { requirements: labels } }),
  };
}

function readable<T>(read: () => readonly T[]): readonly T[] | undefined {
  try {
    const requirements = read();
    return requirements.length === 0 ? undefined : requirements;
  } catch {
    return undefined;
  }
}

const labelOperators = { in: "In", notin: "NotIn", exists: "Exists", "!": "DoesNotExist" } as const;

/** Comparisons with numbers cannot be said in a review. */
function labelRequirements(selector: string): object[] {
  return parseLabelSelector(selector).flatMap((requirement) => {
    if (requirement.operator === "gt" || requirement.operator === "lt") return [];
    const values = "values" in requirement ? { values: [...requirement.values] } : {};
    return [{ key: requirement.key, operator: labelOperators[requirement.operator], ...values }];
  });
}

function fieldRequirements(selector: string): object[] {
  return parseFieldSelector(selector).map(({ field, isEqual, value }) => ({
    key: field,
    operator: isEqual ? "In" : "NotIn",
    values: [value],
  }));
}
