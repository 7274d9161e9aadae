import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ApiRequest, anonymous, type Headers, type UserInfo } from "../server/door.ts";
import { forwardedHeaders, upgradeHeaders } from "./forwarded-headers.ts";
import { cleanPath, forwardedPath, forwardedQuery } from "./forwarded-path.ts";

describe("paths and queries", () => {
  test("a path is decoded and encoded anew, `//` and `..` stay", () => {
    assert.equal(forwardedPath("/apis/g/v1/a%2Fb/%41"), "/apis/g/v1/a/b/A");
    assert.equal(forwardedPath("/apis/g/v1//a/../b"), "/apis/g/v1//a/../b");
    assert.equal(forwardedPath("/a%20b%3Fc%23d(e)"), "/a%20b%3Fc%23d%28e%29");
    assert.equal(forwardedPath("/%ff%C3%a9"), "/%FF%C3%A9");
  });

  test("a query is sorted by key, and what cannot be read is dropped", () => {
    assert.equal(forwardedQuery("b=2&a=1&b=1&c"), "?a=1&b=2&b=1&c=");
    assert.equal(forwardedQuery("a=1;b=2&c=%zz&d=x+y%2B"), "?d=x+y%2B");
    assert.equal(forwardedQuery("%zz&;"), "");
    assert.equal(forwardedQuery(""), "");
  });

  test("the path that a header names is clean", () => {
    assert.equal(cleanPath("/a//b/../c/./d/"), "/a/c/d/");
    assert.equal(cleanPath("/a.b/..c"), "/a.b/..c");
    assert.equal(cleanPath("/../.."), "/");
  });
});

function aRequest(headers: Headers, user: UserInfo = anonymous): ApiRequest {
  const peer = { remoteAddress: "::ffff:192.0.2.7", certificates: [], memo: new Map() };
  return Object.assign(Object.create(null), { headers, user, peer, auditId: "audit", rawPath: "/x", method: "GET" });
}

const carol: UserInfo = {
  name: "carol",
  uid: "u1",
  groups: ["dev", "system:authenticated"],
  extra: { "example.com/Tenant ID": ["blue/1"], scopes: ["read", "write"] },
};

describe("headers", () => {
  test("what a client claims about itself does not go through, what is true does", () => {
    const claimed = {
      authorization: "Bearer secret",
      "x-remote-user": "evil",
      "x-remote-group": ["evil"],
      "x-remote-extra-scopes": "evil",
      "impersonate-user": "evil",
      "impersonate-extra-scopes": "evil",
      "impersonate-nobody": "stays",
      host: "evil",
      "x-other": "stays",
    };
    assert.deepEqual(
      { ...forwardedHeaders(aRequest(claimed, carol), "10.0.0.1:443", "/x") },
      {
        "impersonate-nobody": "stays",
        "x-other": "stays",
        "x-remote-user": "carol",
        "x-remote-uid": "u1",
        "x-remote-group": ["dev", "system:authenticated"],
        "x-remote-extra-example.com%2ftenant%20id": ["blue/1"],
        "x-remote-extra-scopes": ["read", "write"],
        "audit-id": "audit",
        "x-forwarded-for": "192.0.2.7",
        "x-forwarded-host": "10.0.0.1:443",
        "x-forwarded-proto": "https",
        "x-forwarded-uri": "/x",
      },
    );
  });

  test("headers of the connection stay on it, also those that Connection names", () => {
    const headers = forwardedHeaders(
      aRequest({
        connection: "x-hop, keep-alive",
        "x-hop": "1",
        te: "gzip, trailers",
        "transfer-encoding": "chunked",
        "x-forwarded-for": ["a", "b"],
      }),
      "h",
      "/x",
    );
    assert.deepEqual(
      [headers["x-hop"], headers.connection, headers["transfer-encoding"], headers.te, headers["x-forwarded-for"]],
      [undefined, undefined, undefined, "trailers", "a, b, 192.0.2.7"],
    );
  });

  test("what Connection names goes nowhere, whoever else would have added to it", () => {
    const connection = "audit-id, x-forwarded-for, x-remote-user";
    const headers = forwardedHeaders(
      aRequest({ connection, "x-forwarded-for": "a", "audit-id": "b" }, carol),
      "h",
      "/x",
    );
    assert.deepEqual(
      [headers["audit-id"], headers["x-forwarded-for"], headers["x-remote-user"]],
      [undefined, "192.0.2.7", "carol"],
    );
  });

  test("headers that say nothing are left out, but for the hops before", () => {
    const said = { "user-agent": "", "accept-encoding": "", "content-length": "0", "x-forwarded-for": "" };
    const headers = forwardedHeaders(aRequest(said), "h", "/x");
    assert.deepEqual(
      [headers["user-agent"], headers["accept-encoding"], headers["content-length"], headers["x-forwarded-for"]],
      [undefined, undefined, undefined, ", 192.0.2.7"],
    );
  });

  test("an upgrade keeps what it is about", () => {
    const headers = upgradeHeaders(
      aRequest({ connection: "Upgrade", upgrade: "websocket", authorization: "x" }, carol),
    );
    assert.deepEqual(
      [
        headers.connection,
        headers.upgrade,
        headers.authorization,
        headers["x-forwarded-host"],
        headers["x-remote-user"],
      ],
      ["Upgrade", "websocket", undefined, undefined, "carol"],
    );
  });

  test("names beyond ASCII go as the bytes of UTF-8", () => {
    const headers = forwardedHeaders(aRequest({}, { ...carol, name: "zoë" }), "h", "/x");
    assert.equal(Buffer.from(String(headers["x-remote-user"]), "latin1").toString("utf8"), "zoë");
  });
});
