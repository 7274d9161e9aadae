// Plays a scenario against a server and tells every difference from the recorded answers.

import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Agent, request as sendRequest } from "node:https";
import { differences, valueAt } from "./compare.ts";
import { type Answer, fill, fillText, type Scenario, type Step, type Variables } from "./scenario.ts";

export interface Identity {
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

export interface PlayOptions {
  readonly port: number;
  /** By the names that steps use. "anonymous" has nothing. */
  readonly identities: Readonly<Record<string, Identity>>;
  /** Makes what a scenario takes for granted, before its first step. */
  readonly prepare?: (scenario: Scenario, variables: Variables) => Promise<void>;
  /** Takes away what somebody between the player and the server adds to every answer. */
  readonly settle?: (answer: Answer) => Answer;
}

/** Headers that matter. */
const compared = [
  "content-type",
  "warning",
  "retry-after",
  "allow",
  "location",
  "cache-control",
  "www-authenticate",
  "content-encoding",
  "upgrade",
];
const requestTimeoutMs = 70_000;

/** Plays scenarios over connections of its own. */
export class Player implements Disposable {
  readonly #options: PlayOptions;
  readonly #agents = new Map<string, Agent>();

  constructor(options: PlayOptions) {
    this.#options = options;
  }

  /** Every difference, a line each. */
  async play(scenario: Scenario): Promise<string[]> {
    const run = randomBytes(3).toString("hex");
    const id = createHash("sha1").update(scenario.name).digest("hex").slice(0, 6) + run;
    const variables: Variables = { run, id, ns: `c-${id}` };
    const watches = new Map<string, WatchReader>();
    const problems: string[] = [];
    try {
      await this.#options.prepare?.(scenario, variables);
      for (const [index, step] of scenario.steps.entries()) {
        const what = `step ${index} (${step.do ?? step.events ?? step.ended ?? ""})`;
        problems.push(...(await this.#playStep(step, variables, watches)).map((problem) => `${what} ${problem}`));
      }
    } catch (error) {
      problems.push(`stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
    for (const watch of watches.values()) watch.close();
    return problems;
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  async #playStep(step: Step, variables: Variables, watches: Map<string, WatchReader>): Promise<string[]> {
    if (step.sleep !== undefined) {
      await pause(step.sleep);
      return [];
    }
    if (step.close !== undefined) {
      watches.get(step.close)?.close();
      return [];
    }
    if (step.events !== undefined || step.ended !== undefined) return readWatch(step, variables, watches);
    if (step.watch !== undefined) return this.#openWatch(step, variables, watches);
    if (step.repeat !== undefined) return this.#repeat(step, variables);
    const response = await this.#send(step, variables);
    return this.#compare(step, await answerOf(response), variables);
  }

  #compare(step: Step, got: Answer, variables: Variables): string[] {
    return compare(step, this.#options.settle?.(got) ?? got, variables);
  }

  async #openWatch(step: Step, variables: Variables, watches: Map<string, WatchReader>): Promise<string[]> {
    const response = await this.#send(step, variables);
    if (response.statusCode !== 200) return this.#compare(step, await answerOf(response), variables);
    watches.set(step.watch ?? "", new WatchReader(response));
    return this.#compare(step, describe(response, ""), variables);
  }

  async #repeat(step: Step, variables: Variables): Promise<string[]> {
    for (let i = 0; i < (step.repeat ?? 0); i++) {
      const { status = 0 } = await answerOf(await this.#send(step, { ...variables, i: String(i) }));
      if (status >= 300) return [`repeat ${i} answered ${status}`];
    }
    return [];
  }

  #send(step: Step, variables: Variables): Promise<IncomingMessage> {
    const [method = "", ...rest] = fillText(step.do ?? "", variables).split(" ");
    const as = step.as ?? "admin";
    const identity = this.#options.identities[as];
    if (identity === undefined) throw new Error(`no identity ${JSON.stringify(as)}`);
    const body = bodyOf(step, variables);
    const headers: Record<string, string | string[]> = { "user-agent": "conformance/1.0", accept: "application/json" };
    if (body !== undefined)
      Object.assign(headers, { "content-type": "application/json", "content-length": String(body.length) });
    if (identity.token !== undefined) headers.authorization = `Bearer ${identity.token}`;
    for (const [name, value] of Object.entries(step.headers ?? {})) {
      if (value === null) delete headers[name.toLowerCase()];
      else
        headers[name.toLowerCase()] =
          typeof value === "string" ? fillText(value, variables) : value.map((one) => fillText(one, variables));
    }
    return new Promise((resolve, reject) => {
      const request = sendRequest(
        {
          host: "127.0.0.1",
          port: this.#options.port,
          method,
          path: rest.join(" "),
          headers,
          agent: this.#agent(as, identity),
          timeout: step.timeout ?? requestTimeoutMs,
        },
        resolve,
      );
      request.on("error", reject);
      request.on("timeout", () => request.destroy(new Error("no answer")));
      request.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve(response);
      });
      request.end(body);
    });
  }

  #agent(name: string, { cert, key }: Identity): Agent {
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    const agent = new Agent({
      keepAlive: true,
      rejectUnauthorized: false,
      maxSockets: 50,
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    this.#agents.set(name, agent);
    return agent;
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

function bodyOf(step: Step, variables: Variables): Buffer | undefined {
  if (step.body !== undefined) return Buffer.from(JSON.stringify(fill(step.body, variables)));
  if (step.text !== undefined) return Buffer.from(fillText(step.text, variables));
  if (step.base64 !== undefined) return Buffer.from(step.base64, "base64");
  if (step.fill === undefined) return undefined;
  const padded = {
    apiVersion: "wardle.example.com/v1alpha1",
    kind: "Flunder",
    metadata: { name: "big", annotations: { pad: "x".repeat(step.fill) } },
  };
  return Buffer.from(JSON.stringify(padded));
}

/** Captures what the step wants kept, then compares. */
function compare(step: Step, got: Answer, variables: Variables): string[] {
  const problems: string[] = [];
  for (const [name, path] of Object.entries(step.capture ?? {})) {
    const value = valueAt(got.body ?? got, path);
    if (value === undefined) problems.push(`nothing at ${path} to capture as ${name}`);
    else variables[name] = String(value);
  }
  return [...problems, ...differences(step, got, variables)];
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  if (response.statusCode !== 101) for await (const chunk of response) chunks.push(chunk);
  return describe(response, Buffer.concat(chunks).toString("utf8"));
}

function describe(response: IncomingMessage, text: string): Answer {
  const headers: Record<string, string> = {};
  for (const name of compared) {
    const value = response.headers[name];
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const answer = { status: response.statusCode ?? 0, headers };
  if (response.statusCode === 101) return answer;
  const type = headers["content-type"] ?? "";
  if (type.includes("json") && !type.includes("yaml")) {
    try {
      return { ...answer, body: JSON.parse(text) };
    } catch {
      // Not one document: a watch, compressed, or nothing.
    }
  }
  if (/protobuf|cbor|gzip/.test(type + (headers["content-encoding"] ?? "")))
    return { ...answer, bytes: text.length > 0 };
  return { ...answer, text };
}

/** Reads a watch's answer line by line. */
class WatchReader {
  readonly #response: IncomingMessage;
  readonly events: unknown[] = [];
  isEnded = false;
  #wake: () => void = () => {};

  constructor(response: IncomingMessage) {
    this.#response = response;
    let rest = "";
    response.on("data", (chunk) => {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") this.events.push(JSON.parse(line));
      this.#wake();
    });
    const end = () => {
      this.isEnded = true;
      this.#wake();
    };
    for (const event of ["end", "close", "error"]) response.on(event, end);
  }

  async until(isDone: () => boolean, limitMs: number): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    while (!isDone() && performance.now() < deadlineMs) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, deadlineMs - performance.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#response.destroy();
  }
}

const defaultWaitMs = 5_000;

async function readWatch(
  step: Step,
  variables: Variables,
  watches: ReadonlyMap<string, WatchReader>,
): Promise<string[]> {
  const watch = watches.get(step.events ?? step.ended ?? "");
  if (watch === undefined) return ["the watch did not open"];
  const { count = 0, within = defaultWaitMs, settle } = step;
  if (step.ended !== undefined) {
    await watch.until(() => watch.isEnded, within);
    return compare(step, { body: { ended: watch.isEnded, events: watch.events.splice(0) } }, variables);
  }
  await watch.until(() => watch.events.length >= count || watch.isEnded, within);
  if (settle !== undefined) await pause(settle);
  return compare(
    step,
    { body: { events: watch.events.splice(0, settle === undefined ? count : watch.events.length) } },
    variables,
  );
}
