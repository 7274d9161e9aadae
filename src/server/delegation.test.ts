import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { aRequest } from "../../test/support/request.ts";
import { delegate } from "./delegation.ts";
import { authenticate } from "./filters/authenticate.ts";
import { parseFlags } from "./flag-set.ts";
import { serverFlags } from "./flags.ts";
import { silentLogger } from "./logging.ts";

/** Who a client is that shows nothing but an Authorization header, to a server without a main API server. */
async function userBehind(authorization: string, flags: readonly string[] = []): Promise<string> {
  const { signal } = new AbortController();
  const options = { userAgent: "test", logger: silentLogger, signal };
  await using delegation = await delegate(parseFlags(serverFlags, ["--authentication-skip-lookup", ...flags]), options);
  const { authenticators } = delegation;
  const request = aRequest({ url: "/healthz", headers: { authorization } });
  const handle = authenticate({ authenticators, allowsAnonymous: true })(async () => ({
    status: 200,
    headers: {},
    body: undefined,
  }));
  await handle(request);
  return request.user.name;
}

test("a token that nobody can look up is a 401, and no anonymous user", async () => {
  await assert.rejects(userBehind("Bearer garbage"), { code: 401 });
  for (const none of ["Bearer ", "Basic YTpi", ""]) assert.equal(await userBehind(none), "system:anonymous");
});

test("a token of the file is known where there is no main API server", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "annex-tokens-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "tokens");
  writeFileSync(file, "secret,bob,1\n");
  assert.equal(await userBehind("Bearer secret", ["--token-auth-file", file]), "bob");
  await assert.rejects(userBehind("Bearer other", ["--token-auth-file", file]), { code: 401 });
});
