import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { aRequest, readAnswer } from "../../../test/support/request.ts";
import { answerMetrics } from "./answer-metrics.ts";

test("answerMetrics() compresses for scrapers that read gzip", async () => {
  const ask = (headers: Record<string, string>) => answerMetrics(aRequest({ url: "/metrics", headers }), () => []);
  const plain = ask({});
  const compressed = ask({ "accept-encoding": "gzip" });
  assert.ok(plain !== undefined && compressed !== undefined);
  assert.equal(plain.headers["content-encoding"], undefined);
  assert.equal(compressed.headers["content-encoding"], "gzip");
  assert.deepEqual(gunzipSync(await readAnswer(compressed)), await readAnswer(plain));
  assert.equal(
    answerMetrics(aRequest({ url: "/other" }), () => []),
    undefined,
  );
});
