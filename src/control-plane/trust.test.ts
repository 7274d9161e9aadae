import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { makeAuthority } from "../base/certificates.ts";
import { silentLogger } from "../server/door.ts";
import { loadCredentials, memoryStore } from "./state-directory.ts";
import { type RequestHeaderNames, Trust, type TrustFiles } from "./trust.ts";

const nowMs = 0;
const clock = new ManualClock();
const credentials = await loadCredentials(memoryStore, { nowMs, extraHosts: [] });
const theirs = await makeAuthority({ commonName: "theirs", nowMs });

/** A file with somebody else's certificate, and one with its key. */
function filesIn(t: TestContext): { readonly cert: string; readonly key: string } {
  const directory = mkdtempSync(join(tmpdir(), "annex-trust-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const paths = { cert: join(directory, "crt"), key: join(directory, "key") };
  writeFileSync(paths.cert, theirs.certificate);
  writeFileSync(paths.key, theirs.key);
  return paths;
}

function trustIn(files: TrustFiles, requestHeaderNames: RequestHeaderNames = {}): Trust {
  return new Trust({ credentials, files, requestHeaderNames, clock, logger: silentLogger });
}

test("a control plane without files believes and shows what it made itself", () => {
  using trust = trustIn({});
  assert.equal(trust.clientAuthorities, credentials.clientAuthority.certificate);
  assert.equal(trust.proxyAuthorities, credentials.proxyAuthority.certificate);
  assert.equal(trust.serving.cert, credentials.serving.certificate);
  assert.equal(trust.proxyClient.cert, credentials.proxyClient.certificate);
  assert.equal(trust.requestHeader, undefined);
  assert.equal(trust.published["requestheader-allowed-names"], '["front-proxy-client"]');
});

test("files of authorities stand beside its own, files of certificates in the place of its own", (t) => {
  const { cert, key } = filesIn(t);
  using trust = trustIn(
    {
      clientCaFile: cert,
      tlsCertFile: cert,
      tlsPrivateKeyFile: key,
      proxyClientCertFile: cert,
      proxyClientKeyFile: key,
      requestHeaderClientCaFile: cert,
    },
    { allowedNames: ["front-proxy"], usernameHeaders: ["X-User"] },
  );
  assert.equal(trust.clientAuthorities, theirs.certificate + credentials.clientAuthority.certificate);
  assert.equal(trust.servingAuthorities, theirs.certificate + credentials.servingAuthority.certificate);
  assert.deepEqual(trust.serving, { cert: theirs.certificate, key: theirs.key });
  assert.deepEqual(trust.proxyClient, { cert: theirs.certificate, key: theirs.key });
  // What the aggregator shows is somebody else's, so that its own authority has nothing to say.
  assert.equal(trust.proxyAuthorities, theirs.certificate);
  assert.partialDeepStrictEqual(trust.requestHeader, { allowedNames: ["front-proxy"], usernameHeaders: ["x-user"] });
  assert.equal(trust.published["requestheader-username-headers"], '["X-User"]');
});

test("front proxies in front leave the aggregator's own name among those that extension servers believe", (t) => {
  const { cert } = filesIn(t);
  using named = trustIn({ requestHeaderClientCaFile: cert }, { allowedNames: ["front-proxy"] });
  assert.deepEqual(named.aggregator.allowedNames, ["front-proxy", "front-proxy-client"]);
  assert.deepEqual(named.requestHeader?.allowedNames, ["front-proxy"]);
  using open = trustIn({ requestHeaderClientCaFile: cert });
  assert.deepEqual(open.aggregator.allowedNames, []);
});

test("half a pair, and a file without a certificate, are refused", (t) => {
  const { cert, key } = filesIn(t);
  assert.throws(() => trustIn({ tlsCertFile: cert }), /tlsPrivateKeyFile must be given with it/);
  assert.throws(() => trustIn({ clientCaFile: "/nowhere/ca.crt" }), { code: "ENOENT" });
  assert.throws(() => trustIn({ requestHeaderClientCaFile: key }), TypeError);
});
