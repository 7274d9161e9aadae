// An answer against the recorded one: what is the server's to choose becomes a placeholder on both sides, everything else must be equal.

import type { Answer, Step, Variables } from "./scenario.ts";

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

/** Texts that only a Go program would say: any other explanation serves as well. */
const goWords =
  /Go struct|strconv\.|\[\]string\{|&user\.|pkg\/apiserver|StorageError|^json: |^yaml: |: json: |: yaml: |runtime\.|v1\.[A-Z]\w+\{|invalid character|parsing time|map\[|%!s|<nil>|scheme "|: time: |- time: |json parse error|converting \(|illegal base64|cannot restore|cannot convert|unexpected end of JSON/;

/** What is different, one line each. */
export function differences(step: Step, got: Answer, variables: Variables): string[] {
  const { want } = step;
  if (want === undefined) return [];
  const settled = asRecord(settle(got, variables));
  for (const path of step.ignore ?? []) drop(settled.body ?? settled, path);
  if (isUnknownPath(step, settled)) return [];
  if (step.compare === "status") for (const part of ["body", "text", "bytes"]) delete settled[part];
  const { status } = settled;
  // Where the reference fails though the request is at fault, a 4xx is better.
  if (want.status === 500 && typeof status === "number" && status >= 400 && status < 500) return [];
  const found: string[] = [];
  diff(expected(want, variables), settled, { path: "", found, isSubset: step.compare === "subset" });
  return found;
}

/** A main API server says `404 page not found` where an extension server lists its paths, of which a step may have kept the status alone. */
function isUnknownPath({ want, compare }: Step, got: Record<string, unknown>): boolean {
  const isExpected = want?.status === 404 && (compare === "status" || asRecord(want.body).paths !== undefined);
  return isExpected && got.status === 404 && typeof got.text === "string" && got.text.startsWith("404 page not found");
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** A value by its path, such as `metadata.resourceVersion` or `items.0.metadata.name`. */
export function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split(".")) value = Array.isArray(value) ? value[Number(key)] : asRecord(value)[key];
  return value;
}

function drop(object: unknown, path: string): void {
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let parents: unknown[] = [object];
  for (const key of keys)
    parents = parents.flatMap((parent) =>
      key === "*"
        ? Object.values(asRecord(parent))
        : [Array.isArray(parent) ? parent[Number(key)] : asRecord(parent)[key]],
    );
  for (const parent of parents) if (typeof parent === "object" && parent !== null) Reflect.deleteProperty(parent, last);
}

function maskNumbers(text: string): string {
  return text
    .replace(/resource version: \d+( \(\d+\))?/g, "resource version: <rv>")
    .replace(/current: \d+/g, "current: <rv>")
    .replace(/\(\d+\)/g, "(<n>)")
    .replace(/: stub: no rule for [\w:.-]+/g, "");
}

/** The reference tells some causes twice. */
function once(causes: readonly unknown[]): unknown[] {
  return [...new Map(causes.map((cause) => [JSON.stringify(cause), cause])).values()];
}

function expected(value: unknown, variables: Variables, key = ""): unknown {
  if (typeof value === "string")
    return key === "message"
      ? maskNumbers(value.replace(/\$\{(rv[^}]*)\}/g, (whole, name: string) => variables[name] ?? whole))
      : value;
  if (Array.isArray(value)) {
    const items = value.map((item) => expected(item, variables, key));
    return key === "causes" ? once(items) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expected(member, variables, name)]));
}

function settle(value: unknown, variables: Variables, key = ""): unknown {
  if (typeof value === "string") return settleText(value, variables, key);
  if (Array.isArray(value)) {
    const items = value.map((item) => settle(item, variables, key));
    return key === "causes" ? once(items) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      settleText(name, variables, "key"),
      settle(member, variables, name),
    ]),
  );
}

function settleText(text: string, variables: Variables, key: string): string {
  if (key === "resourceVersion") {
    const known = Object.entries(variables).find(([name, value]) => name.startsWith("rv") && value === text);
    if (known !== undefined) return `\${${known[0]}}`;
    return text === "" || text === "0" ? text : "<rv>";
  }
  if (key === "continue") return text === "" ? text : "<continue>";
  let settled = text;
  for (const [name, value] of Object.entries(variables).sort(([, a], [, b]) => b.length - a.length)) {
    if (name === "run" || value === "") continue;
    const isNamed =
      name === "ns" || name === "id" || name.startsWith("uid") || (name.startsWith("name") && key !== "warning");
    if (isNamed) settled = settled.split(value).join(`\${${name}}`);
  }
  settled = settled.replace(uuid, "<uid>").replace(time, "<time>");
  return key === "message" ? maskNumbers(settled) : settled;
}

interface Diff {
  readonly path: string;
  readonly found: string[];
  readonly isSubset: boolean;
}

function diff(want: unknown, got: unknown, { path, found, isSubset }: Diff): void {
  if (want === got) return;
  if (
    path.endsWith(".message") &&
    typeof want === "string" &&
    goWords.test(want) &&
    typeof got === "string" &&
    got !== ""
  )
    return;
  const different = () => found.push(`${path}: want ${short(want)}, got ${short(got)}`);
  if (Array.isArray(want) || Array.isArray(got)) {
    if (!Array.isArray(want) || !Array.isArray(got) || want.length !== got.length) different();
    else
      for (const [index, item] of want.entries())
        diff(item, got[index], { path: `${path}[${index}]`, found, isSubset });
    return;
  }
  if (typeof want !== "object" || typeof got !== "object" || want === null || got === null) {
    different();
    return;
  }
  for (const [key, value] of Object.entries(want)) {
    if (Object.hasOwn(got, key)) diff(value, Reflect.get(got, key), { path: `${path}.${key}`, found, isSubset });
    else found.push(`${path}.${key}: missing, want ${short(value)}`);
  }
  if (!isSubset)
    for (const [key, value] of Object.entries(got))
      if (!Object.hasOwn(want, key)) found.push(`${path}.${key}: not wanted, got ${short(value)}`);
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
