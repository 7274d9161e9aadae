// Reads JSON text byte by byte where JSON.parse does not tell enough: which keys stand twice, in which order, and what exactly is wrong.
// Only used for words: the values come from JSON.parse.

/** Where a key stands: its path as field errors have it, such as `spec.ports[0].name`. */
export interface KeyVisitor {
  /** Called at every key in document order, with the path of the object that it stands in. Returns whether to go on below it. */
  key(parent: string, name: string, isDuplicate: boolean): boolean;
}

/** Counts the keys of all objects in valid JSON, each occurrence once. */
export function countKeys(bytes: Buffer): number {
  let count = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isInString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) isInString = true;
    else if (byte === 0x3a) count++;
  }
  return count;
}

/** Walks valid JSON in document order. */
export function scanKeys(text: string, visitor: KeyVisitor): void {
  let at = 0;
  walk("", true);

  function skipSpace(): void {
    while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  }
  function readString(): string {
    const start = at++;
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at++;
    const parsed: unknown = JSON.parse(text.slice(start, at));
    return typeof parsed === "string" ? parsed : "";
  }
  function walk(path: string, isWanted: boolean): void {
    skipSpace();
    const first = text[at];
    if (first === "{") walkObject(path, isWanted);
    else if (first === "[") walkList(path, isWanted);
    else if (first === '"') readString();
    else while (at < text.length && !",]} \t\r\n".includes(text[at] ?? "")) at++;
  }
  function walkObject(path: string, isWanted: boolean): void {
    at++;
    const seen = new Set<string>();
    for (;;) {
      skipSpace();
      if (text[at] === "}") break;
      if (text[at] === ",") {
        at++;
        continue;
      }
      const name = readString();
      skipSpace();
      at++; // The colon.
      const goesOn = isWanted && visitor.key(path, name, seen.has(name));
      seen.add(name);
      walk(path === "" ? name : `${path}.${name}`, goesOn);
    }
    at++;
  }
  function walkList(path: string, isWanted: boolean): void {
    at++;
    for (let index = 0; ; ) {
      skipSpace();
      if (text[at] === "]") break;
      if (text[at] === ",") {
        at++;
        index++;
        continue;
      }
      walk(`${path}[${index}]`, isWanted);
    }
    at++;
  }
}
