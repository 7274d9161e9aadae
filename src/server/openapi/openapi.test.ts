import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest, readJsonAnswer } from "../../../test/support/request.ts";
import { widgets } from "../../../test/support/widgets.ts";
import { openApiOf } from "./openapi.ts";

const openApi = openApiOf([widgets], { title: "Test", version: "0.1" });

async function read(path: string): Promise<unknown> {
  const answer = await openApi(aRequest({ url: path }));
  assert.equal(answer?.status, 200, path);
  return readJsonAnswer(answer);
}

/** What a document refers to and does not define. */
function missing(document: unknown, definitions: object, prefix: string): string[] {
  const wanted = [...JSON.stringify(document).matchAll(new RegExp(`"${prefix}([^"]+)"`, "g"))];
  return [...new Set(wanted.map(([, name = ""]) => name))].filter((name) => !Object.hasOwn(definitions, name));
}

test("every reference in every document leads to a definition", async () => {
  const index = await read("/openapi/v3");
  assert.ok(typeof index === "object" && index !== null && "paths" in index && typeof index.paths === "object");
  const paths = Object.keys(index.paths ?? {});
  assert.deepEqual(paths, ["apis", "apis/test.example.com", "apis/test.example.com/v1", "version"]);
  for (const path of paths) {
    const document = await read(`/openapi/v3/${path}`);
    assert.partialDeepStrictEqual(document, { paths: { [`/${path}`]: { get: { responses: { 200: {} } } } } });
    const { components }: { components?: { schemas: object } } = Object(document);
    assert.deepEqual(missing(document, components?.schemas ?? {}, "#/components/schemas/"), [], path);
  }
  const whole = await read("/openapi/v2");
  const { definitions }: { definitions?: object } = Object(whole);
  assert.deepEqual(missing(whole, definitions ?? {}, "#/definitions/"), []);
});

test("OpenAPI is JSON for any type, and nothing for a type that is none", async () => {
  const ask = async (path: string, accept: string) => {
    const answer = await openApi(aRequest({ url: path, headers: { accept } }));
    return [answer?.status, answer?.headers["content-type"], answer?.headers.vary];
  };
  const version = "/openapi/v3/apis/test.example.com/v1";
  for (const accept of ["*", "*/json", "application/*", "text/html, */*;q=0.1"])
    assert.deepEqual(await ask(version, accept), [200, "application/json", "Accept"], accept);
  assert.deepEqual(await ask(version, "text/html"), [406, undefined, "Accept"]);
  assert.deepEqual(await ask("/openapi/v2", "text/html"), [406, undefined, "Accept-Encoding, Accept"]);
  for (const accept of ["json", ";", "application/"]) {
    assert.deepEqual(await ask(version, accept), [200, undefined, undefined], accept);
    assert.equal((await ask("/openapi/v2", accept))[0], 406, accept);
  }
});
