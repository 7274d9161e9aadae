import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest, readJsonAnswer } from "../../test/support/request.ts";
import { answerVersion } from "./version.ts";

test("answerVersion() tells what the server is, in JSON alone", async () => {
  const ask = (accept: string) => answerVersion(aRequest({ url: "/version", headers: { accept } }));
  const answer = ask("text/html, */*");
  assert.ok(answer !== undefined);
  assert.partialDeepStrictEqual(await readJsonAnswer(answer), { major: "1" });
  assert.throws(() => ask("application/yaml"), {
    code: 406,
    message: "406: Not Acceptable\n\nAvailable representations: application/json",
  });
});
