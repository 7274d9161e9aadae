// The namespaces that scenarios speak of.

import { StatusError } from "../../src/api/door.ts";
import type { Client } from "../../src/client/door.ts";
import { fillText, type Scenario, type Step, type Variables } from "./scenario.ts";

/** Those in the path of a step. */
export function namespacesOf({ do: line = "" }: Step): string[] {
  return [...line.matchAll(/\/namespaces\/([^/?]+)/g)].map(([, name = ""]) => name);
}

interface NamespacesOptions {
  readonly scenario: Scenario;
  readonly variables: Variables;
  /** What their names begin with. Default: all. */
  readonly prefix?: string;
}

/** A stand-alone server takes every namespace as there; behind a control plane it has to be. */
export async function makeNamespaces(
  client: Client,
  { scenario: { steps }, variables, prefix = "" }: NamespacesOptions,
): Promise<void> {
  const names = new Set(steps.flatMap(namespacesOf).map((name) => fillText(name, variables)));
  await Promise.all([...names].filter((name) => name.startsWith(prefix)).map((name) => makeNamespace(client, name)));
}

async function makeNamespace(client: Client, name: string): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  try {
    await client.json({ method: "POST", path: "/api/v1/namespaces", body });
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === "AlreadyExists")) throw error;
  }
}
