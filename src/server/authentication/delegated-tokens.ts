// Users by bearer tokens that the main API server knows.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/

import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../../base/clock.ts";
import { ExpiringCache } from "../../base/expiring-cache.ts";
import type { Client } from "../../client/door.ts";
import { review } from "../delegated-review.ts";
import { unauthorized } from "../filters/authenticate.ts";
import type { Logger } from "../logging.ts";
import { bearerTokenAuthenticator } from "./bearer-token.ts";
import type { Authenticator, UserInfo } from "./user.ts";

export interface DelegatedTokenOptions {
  readonly client: Client;
  /** For how long an answer counts, a yes or a no. Default 10 s. */
  readonly cacheTtlMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** As the reference's DelegatingAuthenticationOptions. */
const cacheTtlDefaultMs = 10_000;
/** 4,096 users of a few hundred bytes are about 2 MiB. */
const entriesMax = 4_096;

/** Wrapped, since a cache cannot tell a token that nobody knows from one that it does not know. */
interface Verdict {
  readonly user: UserInfo | undefined;
}

/** Asks once per token and lifetime; who asks meanwhile waits for the same answer. A question without an answer is a 401. */
export function delegatedTokenAuthenticator(options: DelegatedTokenOptions): Authenticator {
  const { client, cacheTtlMs = cacheTtlDefaultMs, clock = systemClock, logger } = options;
  const verdicts = new ExpiringCache<Verdict>({ entriesMax, clock });
  const questions = new Map<string, Promise<Verdict>>();

  async function ask(key: string, token: string): Promise<Verdict> {
    try {
      const verdict = { user: await whoIs(client, clock, token) };
      verdicts.set(key, verdict, cacheTtlMs);
      return verdict;
    } catch (error) {
      logger?.error({ error }, "a token could not be reviewed");
      throw unauthorized();
    } finally {
      questions.delete(key);
    }
  }

  return bearerTokenAuthenticator((token) => {
    // Tokens themselves are not kept: a memory dump shall not hold credentials for longer than a request.
    const key = createHash("sha256").update(token).digest("base64");
    const known = verdicts.get(key);
    if (known !== undefined) return known.user;
    const question = questions.get(key) ?? ask(key, token);
    questions.set(key, question);
    return question.then(({ user }) => user);
  });
}

const path = "/apis/authentication.k8s.io/v1/tokenreviews";

async function whoIs(client: Client, clock: Clock, token: string): Promise<UserInfo | undefined> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec: { token } };
  const { authenticated, user } = await review({ client, clock, path, body });
  return authenticated === true && typeof user === "object" && user !== null ? userOf({ ...user }) : undefined;
}

function userOf({ username, uid, groups, extra }: Readonly<Record<string, unknown>>): UserInfo {
  const extras = typeof extra === "object" && extra !== null ? Object.entries(extra) : [];
  return {
    name: typeof username === "string" ? username : "",
    uid: typeof uid === "string" ? uid : "",
    groups: textsOf(groups),
    extra: Object.fromEntries(extras.map(([key, values]) => [key, textsOf(values)])),
  };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
