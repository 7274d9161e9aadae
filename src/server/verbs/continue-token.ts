// Where the next page of a list begins, as an opaque token. The form is the reference's, so that both can go on with either's.

import { StatusError } from "../../api/door.ts";

export interface ContinueToken {
  /** The revision of the first page; -1 to go on with whatever is there now. */
  readonly revision: number;
  /** The first key of the next page, behind the prefix that all keys of the list begin with. */
  readonly start: string;
}

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `/${start}` })).toString("base64url");
}

/** Throws 400 for what is none of our tokens. */
export function decodeContinue(text: string): ContinueToken {
  const invalid = (why: string) => StatusError.badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const fault = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : undefined);
  if (fault !== undefined) throw invalid(`illegal base64 data at input byte ${fault}`);
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause));
  }
  const { v, rv, start }: { v?: unknown; rv?: unknown; start?: unknown } =
    typeof token === "object" && token !== null ? token : {};
  if (v !== "meta.k8s.io/v1") throw invalid(`server does not recognize this encoded version ${String(v ?? "")}`);
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv === 0)
    throw invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (typeof start !== "string" || start === "") throw invalid("encoded start key empty (version meta.k8s.io/v1)");
  const key = start.startsWith("/") ? start.slice(1) : start;
  // A start that climbs out of the list's prefix would read other objects.
  if (key.split("/").some((segment) => ["", ".", ".."].includes(segment))) throw invalid(start);
  return { revision: rv, start: key };
}
