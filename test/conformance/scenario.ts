// A recorded scenario: requests in order, each with the answer that the Go reference gave.

/** One step. The forms are told apart by which member is there. */
export interface Step {
  /** `GET /path?query` */
  readonly do?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly body?: unknown;
  readonly text?: string;
  readonly base64?: string;
  /** A flunder padded by so many bytes. */
  readonly fill?: number;
  /** Who asks. Default "admin". */
  readonly as?: string;
  readonly repeat?: number;
  readonly timeout?: number;
  /** Opens a watch by this name. */
  readonly watch?: string;
  /** Waits for events of a watch. */
  readonly events?: string;
  readonly count?: number;
  readonly within?: number;
  readonly settle?: number;
  /** Waits for the server to end a watch. */
  readonly ended?: string;
  readonly close?: string;
  readonly sleep?: number;
  readonly capture?: Readonly<Record<string, string>>;
  readonly compare?: "status" | "subset";
  readonly ignore?: readonly string[];
  readonly want?: Answer;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
  readonly bytes?: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly steps: readonly Step[];
}

export type Variables = Record<string, string>;

/** Puts variables into every text of a template. */
export function fill(template: unknown, variables: Variables): unknown {
  if (typeof template === "string") return fillText(template, variables);
  if (Array.isArray(template)) return template.map((item) => fill(item, variables));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [fillText(key, variables), fill(value, variables)]),
  );
}

export function fillText(text: string, variables: Variables): string {
  return text.replace(/\$\{([^}]+)\}/g, (whole, name: string) => variables[name] ?? whole);
}
