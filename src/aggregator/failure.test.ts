import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailure } from "./failure.ts";

const address = { host: "api.example.com", port: 443 };

test("a connection that was refused is told by the address that a name had led to", () => {
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", address: "::1", port: 443 });
  assert.equal(describeFailure(refused, address), "dial tcp [::1]:443: connect: connection refused");
  const unknown = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  assert.equal(describeFailure(unknown, address), "dial tcp api.example.com:443: connect: connection refused");
});

test("what the other end says of TLS is told in the words of Go, without OpenSSL's files and lines", () => {
  const alert = (number: number) =>
    Object.assign(new Error(`A0:error:0A00045C:SSL routines:alert:../ssl/record.c:918:SSL alert number ${number}\n`), {
      code: "EPROTO",
    });
  assert.equal(describeFailure(alert(116), address), "remote error: tls: certificate required");
  assert.equal(describeFailure(alert(70), address), "remote error: tls: protocol version not supported");
  assert.equal(describeFailure(alert(99), address), "remote error: tls: alert(99)");
});
