// Whether the server lives and is ready. https://kubernetes.io/docs/reference/using-api/health-checks/

import type { ApiRequest, ApiResponse } from "./exchange.ts";
import { plainText } from "./plain-text.ts";
import { uncached } from "./render/document.ts";

/** One thing that must be well. Throws what is wrong. */
export interface HealthCheck {
  readonly name: string;
  /** The endpoints that ask it, of healthz, livez and readyz. Default all. */
  readonly endpoints?: readonly string[];
  check(signal: AbortSignal): Promise<void> | void;
}

const endpoints = ["healthz", "livez", "readyz"];

/** Answers the health paths; undefined for other paths. */
export async function answerHealth(
  request: ApiRequest,
  checks: readonly HealthCheck[],
): Promise<ApiResponse | undefined> {
  const [, endpoint = "", name, ...more] = request.path.split("/");
  if (!endpoints.includes(endpoint) || more.length > 0) return undefined;
  const relevant = checks.filter((check) => check.endpoints === undefined || check.endpoints.includes(endpoint));
  if (name !== undefined) {
    const single = relevant.find((check) => check.name === name);
    return single === undefined ? undefined : answerSingle(request, single);
  }
  return answerAll(request, endpoint, relevant);
}

async function answerSingle({ signal }: ApiRequest, check: HealthCheck): Promise<ApiResponse> {
  const problem = await problemOf(check, signal);
  if (problem !== undefined) return plainText(500, `internal server error: ${problem}\n`);
  return {
    status: 200,
    headers: { ...uncached, "content-type": "text/plain; charset=utf-8" },
    body: Buffer.from("ok"),
  };
}

async function answerAll(
  { query, signal }: ApiRequest,
  endpoint: string,
  checks: readonly HealthCheck[],
): Promise<ApiResponse> {
  const excluded = new Set(query.getAll("exclude"));
  const lines: string[] = [];
  let isHealthy = true;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const problem = await problemOf(check, signal);
    if (problem !== undefined) isHealthy = false;
    lines.push(problem === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  excluded.delete("");
  if (excluded.size > 0)
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${[...excluded].map((name) => JSON.stringify(name)).join(",")}`,
    );
  if (!isHealthy) return plainText(500, `${lines.join("\n")}\n${endpoint} check failed\n`);
  return plainText(200, query.has("verbose") ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok");
}

async function problemOf(check: HealthCheck, signal: AbortSignal): Promise<string | undefined> {
  try {
    await check.check(signal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
