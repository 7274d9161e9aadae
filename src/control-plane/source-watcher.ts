// Tells when a file of a program changes: its own, or one that it imports.

import { type FSWatcher, readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

interface SourceWatcherOptions {
  /** Called once for changes that come together. */
  readonly onChange: (file: string) => void;
  readonly onError: (error: unknown) => void;
}

/** An editor that saves writes several times within this. */
const settleMs = 50;

/** Watches folders rather than files, since editors put a new file in the place of the old one. */
export class SourceWatcher implements Disposable {
  readonly #options: SourceWatcherOptions;
  readonly #contents = new Map<string, string | undefined>();
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SourceWatcherOptions) {
    this.#options = options;
  }

  add(files: readonly string[]): void {
    for (const file of files) {
      if (this.#contents.has(file)) continue;
      this.#contents.set(file, read(file));
      this.#watch(dirname(file));
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(directory: string): void {
    if (this.#watchers.has(directory)) return;
    try {
      const watcher = watch(directory, { persistent: false }, (_event, name) => this.#touched(directory, name));
      watcher.on("error", this.#options.onError);
      this.#watchers.set(directory, watcher);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #touched(directory: string, name: string | null): void {
    const mayBeOurs = [...this.#contents.keys()].some(
      (file) => dirname(file) === directory && (name === null || basename(file) === name),
    );
    if (!mayBeOurs) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#compare(), settleMs);
  }

  #compare(): void {
    let changed: string | undefined;
    for (const [file, known] of this.#contents) {
      const content = read(file);
      // A file that is gone is about to be written anew.
      if (content === undefined || content === known) continue;
      this.#contents.set(file, content);
      changed = file;
    }
    if (changed !== undefined) this.#options.onChange(changed);
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
