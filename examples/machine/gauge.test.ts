import assert from "node:assert/strict";
import { test } from "node:test";
import { startControlPlane } from "annex/control-plane";
import { gauges } from "./gauge.ts";

test("gauges are measured when somebody asks, and nobody writes them", async () => {
  await using plane = await startControlPlane({ extensions: [{ name: "machine", resources: [gauges] }] });
  const path = "/apis/machine.example.com/v1/gauges";
  const found: { items: { metadata: { name: string }; value: number }[] } = Object(await plane.client.json({ path }));
  const names = found.items.map(({ metadata }) => metadata.name);
  assert.deepEqual(names, ["load", "memory-free", "memory-total", "uptime"]);
  assert.ok((found.items[2]?.value ?? 0) > 0);
  await assert.rejects(plane.client.json({ method: "DELETE", path: `${path}/load` }), { code: 405 });
});
