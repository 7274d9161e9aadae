// Tells users of an object what happened to it, as an Event.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/

import { randomBytes } from "node:crypto";
import { StatusError } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { timestamp } from "../../base/timestamp.ts";
import type { Client } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";

interface Recorded {
  readonly about: {
    readonly apiVersion: string;
    readonly kind: string;
    /** "" for an object of the whole cluster. */
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Normal" | "Warning";
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
  /** Who reports. */
  readonly component: string;
  readonly signal: AbortSignal;
}

interface RecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An event that cannot be written is no reason to stop. */
export async function recordEvent(
  { client, clock, logger }: RecorderOptions,
  { about, type, reason, message, component, signal }: Recorded,
): Promise<void> {
  const namespace = about.namespace || "default";
  const now = timestamp(clock);
  const address = { group: "", version: "v1", resource: "events", isNamespaced: true };
  try {
    await client.resource(address).create(
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: `${about.name}.${randomBytes(8).toString("hex")}`, namespace },
        involvedObject: about,
        type,
        reason,
        message,
        source: { component },
        reportingComponent: component,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      },
      { signal },
    );
  } catch (error) {
    // A namespace that is going away takes no more events.
    if (!signal.aborted && !(error instanceof StatusError && error.code < 500))
      logger.warn({ error, reason }, "an event could not be recorded");
  }
}
