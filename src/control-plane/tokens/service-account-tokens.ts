// Tokens of service accounts: made and signed here, and known again for as long as what they are bound to is there.
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/

import { randomUUID } from "node:crypto";
import type { ApiObject } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { recordOf } from "../../base/record.ts";
import type { TokenLookup, UserInfo } from "../../server/door.ts";
import { cellText, part } from "../resources/columns.ts";
import { secretKind } from "../resources/secret.ts";
import { serviceAccountKind } from "../resources/service-account.ts";
import type { Views } from "../views.ts";
import type { Claims, SigningKey } from "./signing-key.ts";

interface ServiceAccountTokensOptions {
  readonly key: SigningKey;
  readonly views: Views;
  readonly clock: Clock;
  /** Who signs, as tokens say it: --service-account-issuer. */
  readonly issuer: string;
}

/** An object without which a token is worth nothing. */
export interface BoundObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly uid: string;
}

export interface IssueOptions {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly boundTo: BoundObject | undefined;
}

/** Whose token it is, or why it is nobody's. Undefined where it was not made here. */
export type TokenOwner =
  | { readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly refusal: string };

/** Where a token secret names its account. */
export const accountAnnotation = {
  name: "kubernetes.io/service-account.name",
  uid: "kubernetes.io/service-account.uid",
} as const;
const tokenSecretType = "kubernetes.io/service-account-token";
const legacyIssuer = "kubernetes/serviceaccount";
const legacy = "kubernetes.io/serviceaccount";
/** Clocks differ: a token holds a minute longer than it says, and begins a minute earlier. */
const leewaySeconds = 60;

export class ServiceAccountTokens {
  readonly #options: ServiceAccountTokensOptions;

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  /** Knows the users of these tokens and, of all others, those that `others` knows. */
  before(others: TokenLookup): TokenLookup {
    return (token, signal) => {
      const owner = this.ownerOf(token);
      if (owner === undefined) return others(token, signal);
      return "refusal" in owner ? undefined : owner.user;
    };
  }

  /** A token that ends; seconds since 1970 say when. */
  issue(
    account: ApiObject,
    { audiences, expirationSeconds, boundTo }: IssueOptions,
  ): { token: string; expires: number } {
    const { name = "", namespace = "", uid = "" } = account.metadata;
    const now = this.#nowSeconds();
    const expires = now + expirationSeconds;
    const token = this.#options.key.sign({
      aud: audiences,
      exp: expires,
      iat: now,
      iss: this.issuer,
      jti: randomUUID(),
      "kubernetes.io": {
        namespace,
        ...(boundTo === undefined ? {} : { [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid } }),
        serviceaccount: { name, uid },
      },
      nbf: now,
      sub: userName(namespace, name),
    });
    return { token, expires };
  }

  /** A token that holds until its secret is deleted. */
  issueForSecret(account: ApiObject, secretName: string): string {
    const { name = "", namespace = "", uid = "" } = account.metadata;
    return this.#options.key.sign({
      iss: legacyIssuer,
      [`${legacy}/namespace`]: namespace,
      [`${legacy}/secret.name`]: secretName,
      [`${legacy}/service-account.name`]: name,
      [`${legacy}/service-account.uid`]: uid,
      sub: userName(namespace, name),
    });
  }

  /** Whose token it is; undefined where it was not made here. It must be meant for one of `audiences`; without any, for this API server. */
  ownerOf(token: string, audiences: readonly string[] = []): TokenOwner | undefined {
    const claims = this.#options.key.verify(token);
    if (claims === undefined) return undefined;
    const wanted = audiences.length === 0 ? [this.issuer] : audiences;
    if (claims.iss === legacyIssuer) return this.#ownerOfLegacy(token, claims, wanted);
    return claims.iss === this.issuer ? this.#ownerOfBound(claims, wanted) : undefined;
  }

  #ownerOfBound(claims: Claims, wanted: readonly string[]): TokenOwner {
    const given = Array.isArray(claims.aud) ? claims.aud.map(String) : [];
    const audiences = wanted.filter((audience) => given.includes(audience));
    if (audiences.length === 0)
      return { refusal: `token audiences ${goList(given)} is invalid for the target audiences ${goList(wanted)}` };
    const now = this.#nowSeconds();
    if (typeof claims.exp !== "number" || now > claims.exp + leewaySeconds)
      return { refusal: "service account token has expired" };
    if (typeof claims.nbf === "number" && now < claims.nbf - leewaySeconds)
      return { refusal: "service account token is not valid yet" };
    const bound = recordOf(claims["kubernetes.io"]);
    const account = recordOf(bound.serviceaccount);
    const namespace = cellText(bound.namespace);
    const owner = this.#userOf(namespace, cellText(account.name), cellText(account.uid));
    if ("refusal" in owner) return owner;
    if (bound.secret !== undefined) {
      const { name, uid } = recordOf(bound.secret);
      const secret = this.#options.views.of(secretKind).get(namespace, cellText(name));
      if (secret === undefined || secret.metadata.uid !== uid)
        return { refusal: "service account token has been invalidated" };
    }
    const extra = { "authentication.kubernetes.io/credential-id": [`JTI=${cellText(claims.jti)}`] };
    return { user: { ...owner.user, extra }, audiences };
  }

  #ownerOfLegacy(token: string, claims: Claims, wanted: readonly string[]): TokenOwner {
    const namespace = cellText(claims[`${legacy}/namespace`]);
    // These tokens name no audience: they are meant for this API server.
    const audiences = wanted.filter((audience) => audience === this.issuer);
    if (audiences.length === 0)
      return {
        refusal: `token audiences ${goList([this.issuer])} is invalid for the target audiences ${goList(wanted)}`,
      };
    const secret = this.#options.views.of(secretKind).get(namespace, cellText(claims[`${legacy}/secret.name`]));
    const kept = secret === undefined ? "" : Buffer.from(cellText(part(secret, "data").token), "base64").toString();
    if (kept !== token || secret?.metadata.deletionTimestamp !== undefined)
      return { refusal: "service account token has been invalidated" };
    const name = cellText(claims[`${legacy}/service-account.name`]);
    const owner = this.#userOf(namespace, name, cellText(claims[`${legacy}/service-account.uid`]));
    return "refusal" in owner ? owner : { ...owner, audiences };
  }

  /** An account of the same name that was made anew is another one. */
  #userOf(namespace: string, name: string, uid: string): { readonly user: UserInfo } | { readonly refusal: string } {
    const account = this.#options.views.of(serviceAccountKind).get(namespace, name);
    if (account === undefined) return { refusal: `serviceaccounts ${JSON.stringify(name)} not found` };
    if (account.metadata.uid !== uid) return { refusal: "service account UID does not match the claim of the token" };
    const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
    return { user: { name: userName(namespace, name), uid, groups, extra: {} } };
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.clock.nowMs() / 1000);
  }
}

/** The account that a secret is a token of; undefined for other secrets. */
export function accountOfSecret(secret: ApiObject): { readonly name: string; readonly uid: string } | undefined {
  const annotations = secret.metadata.annotations ?? {};
  const name = annotations[accountAnnotation.name] ?? "";
  if (secret.type !== tokenSecretType || name === "") return undefined;
  return { name, uid: annotations[accountAnnotation.uid] ?? "" };
}

function userName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** As Go prints a list of texts. */
function goList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
}
