import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest, readAnswer } from "../../../test/support/request.ts";
import { widgets } from "../../../test/support/widgets.ts";
import { discoveryOf } from "./discovery.ts";

const discover = discoveryOf([widgets]);
const aggregated = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

async function ask(url: string, accept: string): Promise<{ readonly type: unknown; readonly body: Buffer }> {
  const answer = discover(aRequest({ url, headers: { accept } }));
  assert.equal(answer?.status, 200);
  return { type: answer.headers["content-type"], body: await readAnswer(answer) };
}

test("discovery has each of its documents in JSON, YAML and protobuf", async () => {
  for (const [format, begins] of [
    ["application/json", '{"kind":"'],
    ["application/yaml", ""],
    ["application/vnd.kubernetes.protobuf", "k8s\0"],
  ] as const)
    for (const [url, kind, parameters] of [
      ["/apis", "APIGroupList", ""],
      ["/apis", "APIGroupDiscoveryList", aggregated],
      ["/apis/test.example.com", "APIGroup", ""],
      ["/apis/test.example.com/v1", "APIResourceList", ""],
    ] as const) {
      const { type, body } = await ask(url, format + parameters);
      assert.equal(type, format + parameters);
      assert.ok(body.toString("latin1").startsWith(begins) && body.includes(kind), `${format} ${url}`);
    }
});

test("aggregated discovery wins over any other form that the client reads", async () => {
  for (const accept of [`application/json,application/json${aggregated}`, `application/json${aggregated};q=0.1,*/*`])
    assert.equal((await ask("/apis", accept)).type, `application/json${aggregated}`);
  assert.equal((await ask("/apis", `*/*${aggregated}`)).type, `application/json${aggregated}`, "any type will do");
});
