// Who a write counts as, where the client does not say. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers

import type { ApiRequest } from "./exchange.ts";
import { headerText } from "./header-text.ts";

/** Managers made from a User-Agent are cut to what a manager's name may have at most, in bytes of UTF-8. */
const managerBytesMax = 128;

/** The manager that the client names, or the part of its User-Agent before the first slash. */
export function fieldManagerOf(named: string, request: ApiRequest): string {
  if (named !== "") return named;
  const [product = ""] = headerText(request.headers, "user-agent").split("/");
  let manager = "";
  for (const character of product) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) continue;
    if (Buffer.byteLength(manager + character) > managerBytesMax) break;
    manager += character;
  }
  return manager || "unknown";
}
