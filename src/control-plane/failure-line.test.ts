import assert from "node:assert/strict";
import { test } from "node:test";
import { failureLine } from "./failure-line.ts";

test("failureLine() finds what was thrown and where, in what Node prints of it", () => {
  const syntax = `file:///tmp/my/server.ts:3\nconst = 1;\n      ^\n\nSyntaxError: Unexpected token '='\n    at compile (node:internal/x:1:2)\n\nNode.js v26.10.0\n`;
  assert.equal(failureLine(syntax), "SyntaxError: Unexpected token '=' (server.ts:3)");
  const thrown = `file:///tmp/my/server.ts:7\nthrow new Error("no");\n^\n\nError: no\n    at file:///tmp/my/server.ts:7:7\n\nNode.js v26.10.0\n`;
  assert.equal(failureLine(thrown), "Error: no (server.ts:7)");
  const missing = `node:internal/modules/esm/resolve:1\n    throw new X();\n    ^\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find module '/tmp/x.ts' imported from /tmp/my/server.ts\n    at finalize (node:internal/y:1:2) {\n  code: 'ERR_MODULE_NOT_FOUND'\n}\n`;
  assert.match(failureLine(missing), /^Error \[ERR_MODULE_NOT_FOUND\]: Cannot find module '\/tmp\/x\.ts'/);
});

test("failureLine() takes the last line where nothing was thrown", () => {
  assert.equal(failureLine("starting\nwardle: unknown flag: --nope\n"), "wardle: unknown flag: --nope");
  assert.equal(failureLine(""), "");
});
