import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest, readAnswer } from "../../../test/support/request.ts";
import { serveForTest, type TestResource } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { create } from "./create.ts";
import { watch } from "./watch.ts";

/** The types of the events that a watch begins with; a negative timeout ends it after them. */
async function firstEvents({ served }: TestResource, query: string): Promise<string[]> {
  const info = {
    isResource: true,
    group: "test.example.com",
    version: "v1",
    namespace: "default",
    resource: "widgets",
  };
  const request = aRequest({ url: `/apis/test?timeoutSeconds=-1&${query}`, info });
  const answer = await readAnswer(await watch({ request, served, version: "v1", info: request.info }));
  const lines = answer.toString("utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const event: { type: string } = JSON.parse(line);
    return event.type;
  });
}

test("watch() marks the end of the objects that are there, where the query asks for a watch", async () => {
  await using server = await serveForTest(widgets);
  await server.ask(create, { body: aWidget({ name: "a" }) });
  assert.deepEqual(await firstEvents(server, "watch=1&allowWatchBookmarks=1"), ["ADDED", "BOOKMARK"]);
  assert.deepEqual(await firstEvents(server, "watch=1&allowWatchBookmarks=1&resourceVersion=0"), ["ADDED", "BOOKMARK"]);
  assert.deepEqual(await firstEvents(server, "watch=1"), ["ADDED"]);
});

test("watch() by a deprecated path has a list's options: the objects that are there, without a mark at their end", async () => {
  await using server = await serveForTest(widgets);
  await server.ask(create, { body: aWidget({ name: "a" }) });
  assert.deepEqual(await firstEvents(server, "allowWatchBookmarks=1"), ["ADDED"]);
  assert.deepEqual(await firstEvents(server, "allowWatchBookmarks=1&resourceVersion=0"), ["ADDED"]);
  await assert.rejects(
    firstEvents(server, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0"),
    /sendInitialEvents is forbidden for list/,
  );
});

test("watch() tells the metadata of any kind in protobuf", async () => {
  await using server = await serveForTest(widgets);
  await server.ask(create, { body: aWidget({ name: "a" }) });
  const info = {
    isResource: true,
    group: "test.example.com",
    version: "v1",
    namespace: "default",
    resource: "widgets",
  };
  const accept = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  const request = aRequest({ url: "/apis/test?watch=1&timeoutSeconds=-1", headers: { accept }, info });
  const answer = await watch({ request, served: server.served, version: "v1", info: request.info });
  assert.equal(answer.headers["content-type"], "application/vnd.kubernetes.protobuf;stream=watch");
  const bytes = await readAnswer(answer);
  assert.equal(bytes.readUInt32BE(), bytes.length - 4);
  for (const part of ["ADDED", "k8s\0", "PartialObjectMetadata"]) assert.ok(bytes.includes(part), part);
});

test("watch() takes a resourceVersion of zeros for none", async () => {
  await using server = await serveForTest(widgets);
  await server.ask(create, { body: aWidget({ name: "a" }) });
  assert.deepEqual(await firstEvents(server, "watch=1&allowWatchBookmarks=1&resourceVersion=00"), ["ADDED"]);
});

test("watch() looks at its options before it refuses YAML", async () => {
  await using server = await serveForTest(widgets);
  const refusal = async (query: string) => {
    const answer = await server.ask(watch, { query: `watch=1&${query}`, headers: { accept: "application/yaml" } });
    return answer.body.message ?? "";
  };
  assert.match(await refusal("timeoutSeconds=abc"), /strconv.ParseInt: parsing "abc"/);
  assert.match(await refusal("resourceVersion=abc"), /resourceVersion: Invalid value: "abc"/);
  assert.match(await refusal("timeoutSeconds=1"), /only the following media types are accepted: .*;stream=watch/);
});
