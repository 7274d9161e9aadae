// Asks the main API server a question by creating a review: patiently, since everything here waits for its answer.

import { StatusError } from "../api/door.ts";
import { backOff } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Client } from "../client/door.ts";

export interface Review {
  readonly client: Client;
  readonly path: string;
  readonly body: object;
  readonly clock: Clock;
}

/** A question has this long, attempts and pauses together: the reference's default for --authentication-… webhooks. */
const timeoutMs = 10_000;
/** As the reference: five attempts, 0.5 s after the first, then longer. */
const attemptsMax = 5;
const pauseMinMs = 500;

/** The answer's `status`. Rejects where there was none in time. */
export async function review({ client, path, body, clock }: Review): Promise<Readonly<Record<string, unknown>>> {
  const deadline = new AbortController();
  const cancel = clock.after(timeoutMs, () =>
    deadline.abort(new StatusError("Timeout", `no answer from ${path} within 10s`)),
  );
  const { signal } = deadline;
  const pause = backOff({ clock, signal, minMs: pauseMinMs });
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return statusOf(await client.json({ method: "POST", path, body, signal }));
      } catch (error) {
        if (attempt === attemptsMax || signal.aborted || !mayPass(error)) throw error;
      }
      await pause.wait();
      signal.throwIfAborted();
    }
  } finally {
    cancel();
  }
}

/** Whether asking again may help: an overloaded or failing server, or a connection that broke. A refused connection fails at once. */
function mayPass(error: unknown): boolean {
  if (error instanceof StatusError)
    return error.code === 429 || error.code === 500 || error.code === 503 || error.code === 504;
  return error instanceof Error && error.name === "NoAnswerError";
}

function statusOf(answer: unknown): Readonly<Record<string, unknown>> {
  if (typeof answer === "object" && answer !== null && "status" in answer) {
    const { status } = answer;
    if (typeof status === "object" && status !== null) return { ...status };
  }
  throw new StatusError("InternalError", "Cannot use a review as its answer must have a status");
}
