import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { makeAuthority, makeCertificate } from "./certificates.ts";

const nowMs = Date.parse("2026-11-23T12:00:00Z");

test("makeCertificate() names the user and the groups of a client", async () => {
  const authority = await makeAuthority({ commonName: "ca", nowMs });
  const { certificate } = await makeCertificate(authority, {
    commonName: "alice",
    organizations: ["dev", "ops"],
    nowMs,
  });
  const parsed = new X509Certificate(certificate);
  assert.equal(parsed.subject, "O=dev\nO=ops\nCN=alice");
  assert.ok(parsed.verify(new X509Certificate(authority.certificate).publicKey));
  assert.equal(new Date(parsed.validTo).toISOString(), "2027-11-23T12:00:00.000Z");
});

test("certificates of one authority let both sides of a TLS connection verify each other", async (t) => {
  const now = Date.now();
  const authority = await makeAuthority({ commonName: "ca", nowMs: now });
  const server = await makeCertificate(authority, {
    commonName: "server",
    hosts: ["api.wardle.svc", "127.0.0.1"],
    nowMs: now,
  });
  const client = await makeCertificate(authority, { commonName: "alice", nowMs: now });
  const listener = createServer({
    key: server.key,
    cert: server.certificate,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => listener.close());
  const address = listener.address();
  assert.ok(typeof address === "object" && address !== null);
  const seen = new Promise<string | undefined>((resolve) =>
    listener.once("secureConnection", (socket: TLSSocket) => resolve(String(socket.getPeerCertificate().subject.CN))),
  );
  const socket = connect({
    port: address.port,
    host: "127.0.0.1",
    servername: "api.wardle.svc",
    ca: authority.certificate,
    key: client.key,
    cert: client.certificate,
  });
  await once(socket, "secureConnect");
  assert.equal(await seen, "alice");
  socket.destroy();
});
