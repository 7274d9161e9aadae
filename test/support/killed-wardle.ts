// A wardle server that a test kills and starts again with what it has on disk.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "annex/client";
import { sleep } from "./faults.ts";
import { adminOf } from "./flunder-traffic.ts";
import { startWardle, type WardleProcess } from "./wardle.ts";

export class KilledWardle implements AsyncDisposable {
  readonly #directory: string;
  readonly #storage: (directory: string) => readonly string[];
  #process: WardleProcess;
  #client: Client;

  private constructor(directory: string, storage: (directory: string) => readonly string[], process: WardleProcess) {
    this.#directory = directory;
    this.#storage = storage;
    this.#process = process;
    this.#client = adminOf(process.port);
  }

  static async start(storage: (directory: string) => readonly string[]): Promise<KilledWardle> {
    const directory = mkdtempSync(join(tmpdir(), "annex-killed-"));
    return new KilledWardle(directory, storage, await startWardle({ storage, directory }));
  }

  /** An administrator's client of the one that runs now. */
  get client(): Client {
    return this.#client;
  }

  async killAndStart(pauseMs: number): Promise<void> {
    await this.#process.kill();
    this.#client.close();
    await sleep(pauseMs);
    this.#process = await startWardle({ storage: this.#storage, directory: this.#directory });
    this.#client = adminOf(this.#process.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.#process[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
