import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { Client } from "../client/door.ts";
import { createApiServer, handlerTransport, inProcessAuthenticator } from "../server/door.ts";
import { openMemoryStorage } from "../storage/door.ts";
import { ObjectView } from "./object-view.ts";
import { configMaps } from "./resources/config-map.ts";

test("onChange() tells at once, then once for all changes within the pause", async () => {
  const clock = new ManualClock();
  await using server = await createApiServer({
    name: "test",
    resources: [configMaps],
    storage: openMemoryStorage({ clock }),
    keyPrefix: "/test",
    authenticators: [inProcessAuthenticator],
    authorizer: { authorize: () => ({ verdict: "allow", reason: "" }) },
    clock,
  });
  await server.ready();
  const user = { name: "admin", uid: "", groups: ["system:masters"], extra: {} };
  const client = new Client({ transport: handlerTransport(server.handle, user) }).resource(configMaps.kind, "v1");
  const create = (name: string) =>
    client.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } });
  const [served] = server.served;
  assert.ok(served !== undefined);
  const view = new ObjectView(served, clock);
  let calls = 0;
  const stop = view.onChange(() => calls++);

  await create("a");
  assert.equal(calls, 1);
  await create("b");
  await create("c");
  assert.equal(calls, 1);
  clock.advance(50);
  assert.equal(calls, 2);
  assert.equal([...view.all()].length, 3);
  clock.advance(50);
  assert.equal(calls, 2);
  const before = view.get("default", "a");
  await create("d");
  assert.equal(view.get("default", "a"), before);
  stop();
});
