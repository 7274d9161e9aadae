import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest } from "../../test/support/request.ts";
import type { ApiResponse } from "./exchange.ts";
import { acceptWebSocket } from "./websocket.ts";

const handshake = {
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
  origin: "https://example.com",
};

async function* nothing(): AsyncIterableIterator<Buffer> {}

function accept(headers: Record<string, string | undefined>): ApiResponse {
  const request = aRequest({ url: "/", headers: { ...handshake, ...headers } });
  request.warnings.push("deprecated");
  const response = acceptWebSocket(request, nothing());
  assert.deepEqual(request.warnings, [], "the answer is a bare one");
  return response;
}

test("acceptWebSocket() answers the key, and the one protocol that the client names", () => {
  const { status, headers } = accept({ "sec-websocket-protocol": " base64.binary.k8s.io " });
  assert.equal(status, 101);
  assert.equal(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  assert.equal(headers["sec-websocket-protocol"], "base64.binary.k8s.io");
  assert.equal(accept({}).headers["sec-websocket-protocol"], undefined);
  const withToken = accept({ "sec-websocket-protocol": "base64url.bearer.authorization.k8s.io.dG9r, binary.k8s.io" });
  assert.equal(withToken.headers["sec-websocket-protocol"], "binary.k8s.io");
});

test("acceptWebSocket() refuses whom it does not understand", () => {
  const refusals = [
    [{ "sec-websocket-key": undefined }, 400],
    [{ "sec-websocket-version": "12" }, 400],
    [{ "sec-websocket-protocol": "binary.k8s.io, base64.binary.k8s.io" }, 400],
    [{ origin: undefined }, 403],
    [{ origin: "null" }, 403],
    [{ origin: "/" }, 101],
  ] as const;
  for (const [headers, status] of refusals) assert.equal(accept(headers).status, status, JSON.stringify(headers));
});
