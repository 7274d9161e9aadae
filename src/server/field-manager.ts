// Who a write counts as, where the client does not say. https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers

import { type ApiRequest, header } from "./exchange.ts";

/** Managers made from a User-Agent are cut to what a manager's name may have at most, in characters. */
const managerLengthMax = 128;

/** The manager that the client names, or the part of its User-Agent before the first slash. */
export function fieldManagerOf(named: string, request: ApiRequest): string {
  if (named !== "") return named;
  const [product = ""] = (header(request.headers, "user-agent") ?? "").split("/");
  const printable = [...product].filter((character) => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)).join("");
  return printable.slice(0, managerLengthMax) || "unknown";
}
