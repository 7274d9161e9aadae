// How `annex up` ends, and what it leaves behind.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type AnnexProcess, annex, gadgetServer, lives, temporaryDirectory } from "../support/annex.ts";
import { eventually } from "../support/control-plane.ts";

interface Running {
  readonly up: AnnexProcess;
  readonly directory: string;
}

function start(t: TestContext, code: string): Running {
  const directory = temporaryDirectory(t);
  const file = join(directory, "server.ts");
  writeFileSync(file, code);
  const data = join(directory, "data");
  return { up: annex(t, ["up", "--secure-port=0", `--data-dir=${data}`, `--extension=${file}`]), directory: data };
}

/** The extension takes the name of its folder, which differs each time: the only one there is. */
async function extensionPid({ directory }: Running): Promise<number> {
  const { readdirSync } = await import("node:fs");
  const extensions = join(directory, "extensions");
  let pid = 0;
  await eventually("the extension has a process", () => {
    const [name = ""] = existsSync(extensions) ? readdirSync(extensions) : [];
    const file = join(extensions, name, "pid");
    pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    return pid > 0;
  });
  return pid;
}

/** Tells its process that it is there, and never becomes ready. */
const hanging = "setInterval(() => {}, 1000);\n";
/** The same, and it does not follow when it is told to end. */
const stubborn = `process.on("SIGTERM", () => {});\nprocess.on("SIGINT", () => {});\n${hanging}`;

describe("the end of annex up", { concurrency: 2 }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends everything with exit code 0`, async (t) => {
      const running = start(t, gadgetServer());
      await running.up.says(/ready in/);
      const pid = await extensionPid(running);
      running.up.signal(signal);
      assert.equal(await running.up.ended, 0);
      assert.equal(running.up.stderr(), "");
      assert.ok(!lives(pid));
      assert.ok(!existsSync(join(running.directory, "pid")));
    });

    test(`${signal} while it starts ends everything with exit code 0`, async (t) => {
      const running = start(t, hanging);
      const pid = await extensionPid(running);
      running.up.signal(signal);
      assert.equal(await running.up.ended, 0);
      assert.equal(running.up.stderr(), "");
      assert.ok(!lives(pid));
    });
  }

  test("an extension that does not end is ended by force", async (t) => {
    const running = start(t, stubborn);
    const pid = await extensionPid(running);
    running.up.signal("SIGINT");
    assert.equal(await running.up.ended, 0);
    await eventually("the extension has ended", () => !lives(pid));
  });

  test("a second Ctrl-C ends it at once", async (t) => {
    const running = start(t, stubborn);
    const pid = await extensionPid(running);
    running.up.signal("SIGINT");
    running.up.signal("SIGINT");
    assert.ok([0, 130].includes((await running.up.ended) ?? -1));
    await eventually("the extension has ended", () => !lives(pid));
  });

  for (const [what, code] of [
    ["an extension that runs", gadgetServer()],
    ["an extension that hangs", stubborn],
  ] as const)
    test(`kill -9 leaves nothing behind of ${what}`, async (t) => {
      const running = start(t, code);
      const pid = await extensionPid(running);
      if (code !== stubborn) await running.up.says(/ready in/);
      running.up.signal("SIGKILL");
      assert.equal(await running.up.ended, null);
      await eventually("the extension has ended", () => !lives(pid));
    });
});
