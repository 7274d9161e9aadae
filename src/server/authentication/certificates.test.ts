import assert from "node:assert/strict";
import { createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { aRequest } from "../../../test/support/request.ts";
import { type KeyPair, makeAuthority, makeCertificate } from "../../base/certificates.ts";
import type { ApiRequest, Headers } from "../exchange.ts";
import { CertificatePool } from "./certificate-pool.ts";
import { clientCertificateAuthenticator } from "./client-certificate.ts";
import { type RequestHeaderConfig, requestHeaderAuthenticator } from "./request-header.ts";

const hourMs = 60 * 60 * 1000;
const nowMs = 0;
const ours = await makeAuthority({ commonName: "ours", nowMs });
const theirs = await makeAuthority({ commonName: "theirs", nowMs });

function derOf({ certificate }: KeyPair): Buffer {
  return new X509Certificate(certificate).raw;
}

async function certificateOf(authority: KeyPair, commonName: string, organizations: string[] = []): Promise<Buffer> {
  return derOf(await makeCertificate(authority, { commonName, organizations, nowMs, lifetimeMs: hourMs }));
}

function requestWith(certificate: Buffer | undefined, headers: Headers = {}): ApiRequest {
  const certificates = certificate === undefined ? [] : [certificate];
  return {
    ...aRequest({ url: "/", headers }),
    peer: { remoteAddress: "", certificates, memo: new Map() },
  };
}

/** One that says nothing of what it is for, as old tools make them: nothing but the word of the authority says that it is none itself. */
async function certificateWithoutUsage(authority: KeyPair, commonName: string): Promise<KeyPair> {
  const { X509Certificate: Parsed, X509CertificateGenerator } = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [commonName] }],
    issuer: new Parsed(authority.certificate).subject,
    notBefore: new Date(nowMs - hourMs),
    notAfter: new Date(nowMs + hourMs),
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey("pkcs8", new Uint8Array(pkcs8Of(authority)), algorithm, false, [
      "sign",
    ]),
    signingAlgorithm: algorithm,
  });
  const key = createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
    format: "der",
    type: "pkcs8",
  });
  return { certificate: certificate.toString("pem"), key: key.export({ type: "pkcs8", format: "pem" }).toString() };
}

function pkcs8Of({ key }: KeyPair): Buffer {
  return createPrivateKey(key).export({ type: "pkcs8", format: "der" });
}

const alice = await certificateOf(ours, "alice", ["dev", "ops"]);
const stranger = await certificateOf(theirs, "alice", ["system:masters"]);

test("a client certificate names its user, groups and credential", async () => {
  const clock = new ManualClock();
  const pool = new CertificatePool(ours.certificate, clock);
  const found = await clientCertificateAuthenticator(() => pool, clock).authenticate(requestWith(alice));
  assert.partialDeepStrictEqual(found, { name: "alice", groups: ["dev", "ops"] });
  assert.match(JSON.stringify(found), /credential-id":\["X509SHA256=[0-9a-f]{64}"\]/);
});

test("a client certificate of another authority is refused, and one that is not there is nobody", async () => {
  const clock = new ManualClock();
  const pool = new CertificatePool(ours.certificate, clock);
  const authenticator = clientCertificateAuthenticator(() => pool, clock);
  assert.equal(await authenticator.authenticate(requestWith(stranger)), "refused");
  assert.equal(await authenticator.authenticate(requestWith(undefined)), undefined);
});

test("a client certificate that has ended is refused on a connection that is still open", async () => {
  const clock = new ManualClock();
  const pool = new CertificatePool(ours.certificate, clock);
  const authenticator = clientCertificateAuthenticator(() => pool, clock);
  const request = requestWith(alice);
  assert.notEqual(await authenticator.authenticate(request), "refused");
  clock.advance(2 * hourMs);
  assert.equal(await authenticator.authenticate(request), "refused");
});

test("another authority holds for connections that are open already", async () => {
  const clock = new ManualClock();
  let pool = new CertificatePool(ours.certificate, clock);
  const authenticator = clientCertificateAuthenticator(() => pool, clock);
  const request = requestWith(alice);
  assert.notEqual(await authenticator.authenticate(request), "refused");
  pool = new CertificatePool(theirs.certificate, clock);
  assert.equal(await authenticator.authenticate(request), "refused");
});

test("CertificatePool.verify() refuses a server's certificate and follows an authority in between", async () => {
  const clock = new ManualClock();
  const pool = new CertificatePool(`${theirs.certificate}${ours.certificate}`, clock);
  const server = derOf(await makeCertificate(ours, { commonName: "x", hosts: ["x"], nowMs, lifetimeMs: hourMs }));
  assert.equal(pool.verify([server]), undefined);
  assert.equal(pool.verify([Buffer.from("no certificate")]), undefined);
  assert.equal(pool.verify([]), undefined);
  assert.equal(pool.verify([alice])?.subject, "O=dev\nO=ops\nCN=alice");
});

test("CertificatePool.verify() takes nobody for an authority who is none, and no authority after its end", async () => {
  const clock = new ManualClock();
  const pool = new CertificatePool(ours.certificate, clock);
  // Alice has a good certificate, and signs one for a friend with its key.
  const keys = await certificateWithoutUsage(ours, "alice");
  assert.ok(pool.verify([derOf(keys)]));
  const friend = await certificateOf(keys, "friend", ["system:masters"]);
  assert.equal(pool.verify([friend, derOf(keys)]), undefined);
  assert.equal(pool.verify([friend, derOf(keys), derOf(ours)]), undefined);

  const brief = await makeAuthority({ commonName: "brief", nowMs, lifetimeMs: hourMs / 2 });
  const outlives = await certificateOf(brief, "bob");
  const briefPool = new CertificatePool(brief.certificate, clock);
  assert.ok(briefPool.verify([outlives]));
  clock.advance(hourMs / 2 + 1);
  assert.equal(briefPool.verify([outlives]), undefined);
});

function proxyConfig(allowedNames: string[] = ["front-proxy"]): RequestHeaderConfig {
  return {
    pool: new CertificatePool(ours.certificate, new ManualClock()),
    allowedNames,
    usernameHeaders: ["x-remote-user"],
    uidHeaders: ["x-remote-uid"],
    groupHeaders: ["x-remote-group"],
    extraHeaderPrefixes: ["x-remote-extra-"],
  };
}

const headers = {
  "x-remote-user": "bob",
  "x-remote-uid": "7",
  "x-remote-group": ["dev, ops", "qa"],
  "x-remote-extra-example.com%2ftenant": "blue",
  "x-remote-extra-__proto__": "x",
};

test("a trusted proxy says who asks, with groups as they stand in their headers", async () => {
  const config = proxyConfig();
  const authenticator = requestHeaderAuthenticator(() => config, new ManualClock());
  const found = await authenticator.authenticate(requestWith(await certificateOf(ours, "front-proxy"), headers));
  assert.deepEqual(found, {
    name: "bob",
    uid: "7",
    groups: ["dev, ops", "qa"],
    extra: Object.fromEntries([
      ["example.com/tenant", ["blue"]],
      ["__proto__", ["x"]],
    ]),
  });
});

test("a header of groups without a value names none", async () => {
  const config = proxyConfig();
  const authenticator = requestHeaderAuthenticator(() => config, new ManualClock());
  const some = { ...headers, "x-remote-group": ["", "dev", ""] };
  const found = await authenticator.authenticate(requestWith(await certificateOf(ours, "front-proxy"), some));
  assert.ok(typeof found === "object");
  assert.deepEqual(found.groups, ["dev"]);
});

test("a proxy of another name or authority is refused; without a certificate the headers say nothing", async () => {
  const config = proxyConfig();
  const authenticator = requestHeaderAuthenticator(() => config, new ManualClock());
  const ask = async (certificate: Buffer | undefined) => authenticator.authenticate(requestWith(certificate, headers));
  assert.equal(await ask(await certificateOf(ours, "someone-else")), "refused");
  assert.equal(await ask(await certificateOf(theirs, "front-proxy")), "refused");
  assert.equal(await ask(undefined), undefined);
});

test("a trusted proxy that names no user is nobody", async () => {
  const config = proxyConfig([]);
  const authenticator = requestHeaderAuthenticator(() => config, new ManualClock());
  const certificate = await certificateOf(ours, "any");
  for (const none of [{}, { "x-remote-user": " " }, { "x-remote-group": "system:masters" }])
    assert.equal(await authenticator.authenticate(requestWith(certificate, none)), undefined);
});
