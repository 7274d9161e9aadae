import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFlags, FlagError, parseFlags } from "./flag-set.ts";
import { serverFlags } from "./flags.ts";

test("parseFlags() reads values after a space and after an equals sign, and booleans alone", () => {
  const flags = parseFlags(serverFlags, ["--secure-port", "8443", "--bind-address=::1", "--disable-http2-serving"]);
  assert.equal(flags.integer("secure-port"), 8443);
  assert.equal(flags.text("bind-address"), "::1");
  assert.ok(flags.isSet("disable-http2-serving"));
});

test("parseFlags() joins lists that were given several times, and lets what was given win over defaults", () => {
  const flags = parseFlags(serverFlags, ["--disable-admission-plugins=A,B", "--disable-admission-plugins", "C"], {
    defaults: { "etcd-prefix": "/p" },
  });
  assert.deepEqual(flags.list("disable-admission-plugins"), ["A", "B", "C"]);
  assert.deepEqual(flags.list("authorization-always-allow-paths"), ["/healthz", "/readyz", "/livez"]);
  assert.equal(flags.text("etcd-prefix"), "/p");
  assert.equal(flags.durationMs("request-timeout"), 60_000);
});

test("parseFlags() takes flags of the reference that mean nothing here", () => {
  assert.doesNotThrow(() => parseFlags(serverFlags, ["--profiling=false", "--watch-cache", "--goaway-chance", "0.1"]));
});

test("parseFlags() names the flag that it cannot take", () => {
  const wrong: Record<string, RegExp> = {
    "--nope": /^unknown flag: --nope$/,
    "--tracing-config-file=x": /^--tracing-config-file is not supported$/,
    "--secure-port": /^flag needs an argument: --secure-port$/,
    "--secure-port=x": /--secure-port: it must be a whole number/,
    "--anonymous-auth=maybe": /--anonymous-auth: it must be true or false/,
    "--request-timeout=5": /--request-timeout: it must be a duration/,
    word: /^unexpected argument: word$/,
  };
  for (const [arg, message] of Object.entries(wrong))
    assert.throws(
      () => parseFlags(serverFlags, [arg]),
      (error: Error) => error instanceof FlagError && message.test(error.message),
    );
});

test("parseFlags() takes as many words as it was told to, and knows what was given", () => {
  const table = { quiet: { type: "boolean", default: "false", help: "" } } as const;
  const flags = parseFlags(table, ["--quiet", "one", "two"], { wordsMax: 2 });
  assert.deepEqual(flags.words, ["one", "two"]);
  assert.ok(flags.isSet("quiet") && flags.isGiven("quiet"));
  assert.ok(!parseFlags(table, []).isGiven("quiet"));
  assert.throws(() => parseFlags(table, ["one", "two"], { wordsMax: 1 }), /^FlagError: unexpected argument: two$/);
});

test("describeFlags() tells of the flags that do something", () => {
  const text = describeFlags(serverFlags);
  assert.match(text, /--data-dir/);
  assert.doesNotMatch(text, /--profiling|--tracing-config-file/);
});
