// Says of each flow schema whether its priority level is there, as its condition Dangling.
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/

import type { ApiObject } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { recordsOf } from "../../base/record.ts";
import { timestamp } from "../../base/timestamp.ts";
import { type Client, WorkQueue } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";
import type { ObjectView } from "../object-view.ts";
import { cellText, part } from "../resources/columns.ts";

interface FlowSchemaOptions {
  readonly client: Client;
  readonly flowSchemas: ObjectView;
  readonly priorityLevels: ObjectView;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Each waits for a commit of its own. */
const workers = 4;

/** Looks at every flow schema now and whenever schemas or levels change. The result stops that. */
export function keepFlowSchemaConditions(options: FlowSchemaOptions): () => Promise<void> {
  const { client, flowSchemas, priorityLevels, clock, logger } = options;
  const address = {
    group: "flowcontrol.apiserver.k8s.io",
    version: "v1",
    resource: "flowschemas",
    isNamespaced: false,
  };
  const fieldManager = "api-priority-and-fairness-config-consumer-v1";
  const queue = new WorkQueue({
    async work(name, signal) {
      const schema = flowSchemas.get("", name);
      const condition = schema === undefined ? undefined : conditionToBe(schema, priorityLevels);
      if (schema === undefined || condition === undefined) return;
      const status = { conditions: [{ ...condition, lastTransitionTime: timestamp(clock) }] };
      const { apiVersion, kind } = schema;
      await client
        .resource(address)
        .patch(
          name,
          { apiVersion, kind, metadata: { name }, status },
          { type: "apply", subresource: "status", fieldManager, force: true, signal },
        );
    },
    workers,
    clock,
    onError: (name, error) =>
      logger.warn({ error, flowSchema: name }, "the condition of a flow schema could not be set"),
  });
  const look = () => {
    for (const schema of flowSchemas.all())
      if (conditionToBe(schema, priorityLevels) !== undefined) queue.add(schema.metadata.name ?? "");
  };
  const stops = [flowSchemas.onChange(look), priorityLevels.onChange(look)];
  look();
  return async () => {
    for (const stop of stops) stop();
    await queue.close();
  };
}

/** The condition that a schema should have; undefined where it has it. */
function conditionToBe(schema: ApiObject, priorityLevels: ObjectView): object | undefined {
  const [reference = {}] = recordsOf([part(schema, "spec").priorityLevelConfiguration]);
  const level = cellText(reference.name);
  const isThere = priorityLevels.get("", level) !== undefined;
  const known = recordsOf(part(schema, "status").conditions).find(({ type }) => type === "Dangling");
  const message = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} ${isThere ? "and it exists" : "but there is no such object"}`;
  const status = isThere ? "False" : "True";
  if (known?.status === status && known.message === message) return undefined;
  return { type: "Dangling", status, reason: isThere ? "Found" : "NotFound", message };
}
