// Files that are read again when they change, such as certificates that somebody renews.

import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";

/** Renewed certificates come hours before the old ones end; ten seconds are soon enough and cost nothing. */
const intervalMs = 10_000;

interface WatchOptions {
  readonly paths: readonly string[];
  /** Gets the new contents in the order of the paths. What it throws goes to `onError`; the next change is another try. */
  readonly onChange: (contents: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
}

/** Looks at the files from time to time. The result stops that. Does not keep the process alive. */
export function watchFiles({ paths, onChange, onError }: WatchOptions): () => void {
  let seen = readFiles(paths);
  let stamp: string | undefined;
  const look = async () => {
    try {
      const newStamp = await stampOf(paths);
      if (newStamp === stamp) return;
      stamp = newStamp;
      const contents = readFiles(paths);
      if (contents.every((text, at) => text === seen[at])) return;
      seen = contents;
      onChange(contents);
    } catch (error) {
      onError(error);
    }
  };
  const timer = setInterval(() => void look(), intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Kubernetes replaces mounted files by moving a link, so that the file behind the name counts and not only its time. */
async function stampOf(paths: readonly string[]): Promise<string> {
  const stats = await Promise.all(paths.map((path) => stat(path)));
  return stats.map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`).join("\n");
}

export function readFiles(paths: readonly string[]): string[] {
  return paths.map((path) => readFileSync(path, "utf8"));
}
