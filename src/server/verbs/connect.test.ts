import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { StatusError } from "../../api/door.ts";
import { connect } from "./connect.ts";
import { create } from "./create.ts";

test("connect() hands the request and the object to the subresource", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const { body } = await resource.ask(connect, { name: "w", subresource: "echo" });
  assert.equal(body, "echo of w");
});

test("connect() answers 404 for an object or a subresource that is not there", async () => {
  await using resource = await serveForTest(widgets);
  assert.equal((await resource.ask(connect, { name: "w", subresource: "echo" })).status, 404);
  assert.equal((await resource.ask(connect, { name: "w", subresource: "constructor" })).status, 404);
});

test("connect() asks admission first", async () => {
  const refuse = {
    name: "Refuse",
    handles: ({ operation }: { readonly operation: string }) => operation === "CONNECT",
    validate() {
      throw new StatusError("Forbidden", "not now");
    },
  };
  await using resource = await serveForTest(widgets, { admission: [refuse] });
  assert.equal((await resource.ask(connect, { name: "w", subresource: "echo" })).status, 403);
});
