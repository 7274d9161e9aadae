// A server that describes itself in OpenAPI version 2 alone, as those of old do: kubectl explains and checks its kinds by what the aggregator makes of that.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { makeAuthority, makeCertificate } from "../../src/base/certificates.ts";
import { startControlPlane } from "../../src/control-plane/door.ts";
import { temporaryDirectory } from "../support/annex.ts";
import { eventually } from "../support/control-plane.ts";
import { environmentOf } from "../support/kubectl.ts";
import { registration } from "../support/registration.ts";

const group = "gadgets.example.com";
const gadget = "com.example.gadgets.v1.Gadget";
const documents = new Map<string, object>([
  [
    `/apis/${group}/v1`,
    {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: `${group}/v1`,
      resources: [
        { name: "gadgets", singularName: "gadget", namespaced: true, kind: "Gadget", verbs: ["create", "get"] },
      ],
    },
  ],
  [
    "/openapi/v2",
    {
      swagger: "2.0",
      info: { title: "Gadgets", version: "v1" },
      paths: {
        [`/apis/${group}/v1/namespaces/{namespace}/gadgets`]: {
          post: {
            consumes: ["application/json"],
            produces: ["application/json"],
            parameters: [{ name: "body", in: "body", schema: { $ref: `#/definitions/${gadget}` } }],
            responses: { 201: { description: "Created", schema: { $ref: `#/definitions/${gadget}` } } },
            "x-kubernetes-group-version-kind": { group, kind: "Gadget", version: "v1" },
          },
        },
      },
      definitions: {
        [gadget]: {
          description: "Gadget is a thing of old.",
          type: "object",
          properties: {
            spec: { description: "What it should be.", $ref: "#/definitions/com.example.gadgets.v1.Spec" },
          },
          "x-kubernetes-group-version-kind": [{ group, kind: "Gadget", version: "v1" }],
        },
        "com.example.gadgets.v1.Spec": {
          description: "Spec is what a gadget should be.",
          type: "object",
          required: ["size"],
          properties: { size: { description: "How big.", type: "integer", format: "int32" } },
        },
      },
    },
  ],
]);

test("kubectl explains the kinds of a server that has OpenAPI version 2 alone", async (t) => {
  const port = await serveDocuments(t);
  await using plane = await startControlPlane();
  const kubeconfig = join(temporaryDirectory(t), "kubeconfig");
  writeFileSync(kubeconfig, plane.kubeconfig);
  const kubectl = async (line: string) => {
    const { stdout } = await promisify(execFile)("kubectl", line.split(" "), { env: environmentOf(kubeconfig) });
    return stdout;
  };
  for (const { path, object } of registration({ group, service: "old", port }))
    await plane.client.json({ method: "POST", path, body: object });
  await kubectl(`wait apiservice/v1.${group} --for=condition=Available --timeout=30s`);
  await eventually("the group is discovered", async () =>
    (await kubectl(`api-resources --api-group=${group}`)).includes("Gadget"),
  );

  assert.equal(
    await kubectl("explain gadget.spec"),
    [
      `GROUP:      ${group}`,
      "KIND:       Gadget",
      "VERSION:    v1",
      "",
      "FIELD: spec <Spec>",
      "",
      "",
      "DESCRIPTION:",
      "    What it should be.",
      "    Spec is what a gadget should be.",
      "    ",
      "FIELDS:",
      "  size\t<integer> -required-",
      "    How big.",
      "",
      "",
      "",
    ].join("\n"),
  );
});

/** Serves the documents on a free port, and nothing else. */
async function serveDocuments(t: TestContext): Promise<number> {
  const authority = await makeAuthority({ commonName: "old", nowMs: Date.now() });
  const { key, certificate } = await makeCertificate(authority, {
    commonName: "old",
    hosts: ["old.default.svc"],
    nowMs: Date.now(),
  });
  const server = createServer({ key, cert: certificate }, ({ url = "" }, response) => {
    const document = documents.get(url);
    if (document === undefined) response.writeHead(404).end();
    else response.setHeader("content-type", "application/json").end(JSON.stringify(document));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
