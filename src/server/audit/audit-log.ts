// The audit log: a file of JSON lines.

import { createWriteStream } from "node:fs";
import type { Logger } from "../logging.ts";

/** Where events go. */
export interface AuditLog extends AsyncDisposable {
  write(event: object): void;
}

/** Events that wait for a slow disk: beyond that they are lost, and the log of the server says so. */
const pendingBytesMax = 64 * 1024 * 1024;

/** Appends to a file; `-` is standard output. */
export function openAuditLog(path: string, logger: Logger): AuditLog {
  const stream = path === "-" ? process.stdout : createWriteStream(path, { flags: "a", mode: 0o600 });
  stream.on("error", (error) => logger.error({ error, path }, "the audit log cannot be written"));
  let lost = 0;
  return {
    write(event) {
      if (stream.writableLength > pendingBytesMax) {
        if (lost++ === 0) logger.error({ path }, "the audit log is too slow: events are lost");
        return;
      }
      lost = 0;
      stream.write(`${JSON.stringify(event)}\n`);
    },
    async [Symbol.asyncDispose]() {
      if (stream !== process.stdout) await new Promise<void>((resolve) => stream.end(resolve));
    },
  };
}
