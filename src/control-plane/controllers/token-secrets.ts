// Secrets of type kubernetes.io/service-account-token: filled with a token of their account, and gone with it.
// https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets

import { type ApiObject, StatusError } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { type Client, WorkQueue } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";
import type { ObjectView } from "../object-view.ts";
import { cellText, part } from "../resources/columns.ts";
import { accountAnnotation, accountOfSecret, type ServiceAccountTokens } from "../tokens/service-account-tokens.ts";

interface TokenSecretsOptions {
  readonly client: Client;
  readonly secrets: ObjectView;
  readonly serviceAccounts: ObjectView;
  readonly tokens: ServiceAccountTokens;
  /** PEM. */
  readonly servingAuthority: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Looks at every token secret now and whenever secrets or accounts change. The result stops that. */
export function keepTokenSecrets(options: TokenSecretsOptions): () => Promise<void> {
  const { secrets, serviceAccounts, clock, logger } = options;
  const queue = new WorkQueue({
    work: (key, signal) => complete(key, options, signal),
    clock,
    onError: (key, error) => logger.warn({ error, secret: key }, "a token secret could not be completed"),
  });
  const look = () => {
    for (const secret of secrets.all())
      if (accountOfSecret(secret) !== undefined && needsWork(secret, options))
        queue.add(`${secret.metadata.namespace}/${secret.metadata.name}`);
  };
  const stops = [secrets.onChange(look), serviceAccounts.onChange(look)];
  look();
  return async () => {
    for (const stop of stops) stop();
    await queue.close();
  };
}

function needsWork(secret: ApiObject, options: TokenSecretsOptions): boolean {
  if (secret.metadata.deletionTimestamp !== undefined) return false;
  const wanted = wantedState(secret, options);
  return wanted === "deleted" || wanted === "complete";
}

/** "deleted" where its account is gone, "complete" where something is missing; undefined where all is well. */
function wantedState(
  secret: ApiObject,
  { serviceAccounts, servingAuthority }: TokenSecretsOptions,
): "deleted" | "complete" | undefined {
  const reference = accountOfSecret(secret);
  if (reference === undefined) return undefined;
  const account = serviceAccounts.get(secret.metadata.namespace ?? "", reference.name);
  if (account === undefined || (reference.uid !== "" && reference.uid !== account.metadata.uid)) return "deleted";
  const { token, namespace, "ca.crt": authority } = part(secret, "data");
  const isComplete =
    cellText(token) !== "" &&
    cellText(namespace) === base64(secret.metadata.namespace ?? "") &&
    cellText(authority) === base64(servingAuthority) &&
    reference.uid !== "";
  return isComplete ? undefined : "complete";
}

async function complete(key: string, options: TokenSecretsOptions, signal: AbortSignal): Promise<void> {
  const [namespace = "", name = ""] = key.split("/");
  const secret = options.secrets.get(namespace, name);
  if (secret === undefined) return;
  const resource = options.client.resource({ group: "", version: "v1", resource: "secrets", isNamespaced: true });
  const { uid = "", resourceVersion = "" } = secret.metadata;
  const state = wantedState(secret, options);
  try {
    if (state === "deleted")
      await resource.delete(name, { namespace, preconditions: { uid, resourceVersion }, signal });
    else if (state === "complete") await resource.update(completed(secret, options), { signal });
  } catch (error) {
    // Somebody else was faster: the change that they made brings us back here.
    if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
  }
}

function completed(secret: ApiObject, { serviceAccounts, tokens, servingAuthority }: TokenSecretsOptions): ApiObject {
  const { namespace = "", name = "" } = secret.metadata;
  const account = serviceAccounts.get(namespace, accountOfSecret(secret)?.name ?? "");
  if (account === undefined) return secret;
  const data = part(secret, "data");
  return {
    ...secret,
    metadata: {
      ...secret.metadata,
      annotations: { ...secret.metadata.annotations, [accountAnnotation.uid]: account.metadata.uid ?? "" },
    },
    data: {
      ...data,
      "ca.crt": base64(servingAuthority),
      namespace: base64(namespace),
      token: cellText(data.token) || base64(tokens.issueForSecret(account, name)),
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
