// Which form a client wants its answer in. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-encodings

import { StatusError } from "../status-error.ts";

export type OutputFormat = "json" | "yaml" | "protobuf";
export type Transform = "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";

/** The media types in the order in which messages name them. */
export const mediaTypes = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
} as const;
const streamTypes = {
  json: "application/json;stream=watch",
  protobuf: "application/vnd.kubernetes.protobuf;stream=watch",
} as const;

/** What was agreed on. */
export interface Negotiated {
  readonly format: OutputFormat;
  /** The object in another form: as a table, or its metadata alone. */
  readonly as: Transform | undefined;
  /** The version of that form: v1, or v1beta1 of tables. */
  readonly asVersion: string;
  /** `pretty` as a parameter of the media type. */
  readonly pretty: boolean | undefined;
}

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly q: number;
  readonly parameters: ReadonlyMap<string, string>;
}

const plainJson: Negotiated = { format: "json", as: undefined, asVersion: "", pretty: undefined };

/** Agreements for Accept headers seen before: clients send the same few over and over. */
const remembered = new Map<string, Negotiated | undefined>();
/** 1,000 headers of at most 512 characters are 512 KiB; beyond that all are forgotten at once. */
const rememberedMax = 1_000;
const rememberedCharactersMax = 512;

/**
 * The first alternative that can be served, the best quality first, named types before wildcards that precede them. Undefined where there is none.
 * `transforms` says whether there are other forms, `protobuf` when whole objects are served in it: as the client ranks it, or where it reads nothing else.
 */
export function negotiate(
  accept: string | undefined,
  {
    transforms = true,
    protobuf = "ranked",
  }: { readonly transforms?: boolean; readonly protobuf?: "ranked" | "last" } = {},
): Negotiated | undefined {
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") return plainJson;
  const key = `${transforms}${protobuf}${accept}`;
  if (remembered.has(key)) return remembered.get(key);
  if (remembered.size >= rememberedMax) remembered.clear();
  const servable = clausesOf(accept)
    .map((clause) => serve(clause, transforms))
    .filter((served) => served !== undefined);
  const isLast = ({ format, as }: Negotiated) => protobuf === "last" && format === "protobuf" && as === undefined;
  const chosen = servable.find((served) => !isLast(served)) ?? servable[0];
  if (accept.length <= rememberedCharactersMax) remembered.set(key, chosen);
  return chosen;
}

/** Go's library sorts up to so many by insertion, which matters where `goesBefore` is no order; a header of more would cost its square. */
const insertedMax = 12;

function clausesOf(accept: string): Clause[] {
  const clauses = accept
    .split(",")
    .map(parseClause)
    .filter((clause) => clause !== undefined);
  if (clauses.length > insertedMax) return clauses.sort((a, b) => b.q - a.q);
  const sorted: Clause[] = [];
  for (const clause of clauses) {
    let at = sorted.length;
    while (goesBefore(clause, sorted[at - 1])) at--;
    sorted.splice(at, 0, clause);
  }
  return sorted;
}

/**
 * Whether a clause passes the one that stands before it: by its quality, or, whatever its quality, as it names what the other leaves open.
 * That is no order: a wildcard and then YAML of the lowest quality is YAML, and the other way round JSON. Clauses go in one after another, as in the reference.
 */
function goesBefore(clause: Clause, other: Clause | undefined): boolean {
  if (other === undefined) return false;
  if (clause.q > other.q) return true;
  return (clause.type !== "*" && other.type === "*") || (clause.subtype !== "*" && other.subtype === "*");
}

function parseClause(text: string): Clause | undefined {
  const [media = "", ...rest] = text.split(";").map((part) => part.trim());
  const [type = "", subtype = "", ...more] = media.split("/").map((part) => part.trim());
  if (more.length > 0 || (subtype === "" && media !== "*")) return undefined;
  const parameters = new Map<string, string>();
  let q = 1;
  for (const part of rest) {
    const [name = "", value = "", ...others] = part.split("=").map((side) => side.trim());
    if (value === "" || others.length > 0) continue;
    if (name === "q") q = /^[\d.]+$/.test(value) ? Number.parseFloat(value) : 0;
    else parameters.set(name, value);
  }
  return { type, subtype: media === "*" ? "*" : subtype, q, parameters };
}

/** What a clause comes to with the first format that can do all that it asks. */
function serve(clause: Clause, transforms: boolean): Negotiated | undefined {
  for (const format of formatsOf(clause)) {
    const negotiated = serveAs(format, clause, transforms);
    if (negotiated !== undefined) return negotiated;
  }
  return undefined;
}

function serveAs(format: OutputFormat, { parameters }: Clause, transforms: boolean): Negotiated | undefined {
  const stream = parameters.get("stream");
  if (stream !== undefined && (stream !== "watch" || format === "yaml")) return undefined;
  const serverVersion = parameters.get("sv");
  if (serverVersion !== undefined && (serverVersion !== "v1" || !transforms)) return undefined;
  const pretty = parameters.get("pretty") === "1";
  if (!["as", "v", "g"].some((name) => parameters.has(name))) return { ...plainJson, format, pretty };
  const as = transformOf(parameters.get("as"));
  const asVersion = parameters.get("v") ?? "";
  const isKnown = as !== undefined && parameters.get("g") === "meta.k8s.io" && /^v1(beta1)?$/.test(asVersion);
  if (!transforms || !isKnown || (as === "Table" && format === "protobuf")) return undefined;
  return { format, as, asVersion, pretty };
}

function transformOf(name: string | undefined): Transform | undefined {
  return name === "Table" || name === "PartialObjectMetadata" || name === "PartialObjectMetadataList"
    ? name
    : undefined;
}

/** In the order in which a wildcard tries them. */
const formats = ["json", "yaml", "protobuf"] as const;

function formatsOf({ type, subtype }: Clause): readonly OutputFormat[] {
  if (subtype === "*") return type === "*" || type === "application" ? formats : [];
  return formats.filter((format) => mediaTypes[format] === `${type}/${subtype}`);
}

/** The router's look at Accept, before the request reaches a verb: one of the alternatives must be a type that is served, to the letter. */
export function isAcceptable(accept: string | undefined, offer: Offer): boolean {
  if (accept === undefined || accept === "") return true;
  const offered = offers[offer];
  return accept.split(",").some((part) => {
    const [media = ""] = part.trim().split(";");
    return media === "*/*" || offered.includes(media.trim()) || offered.includes(part.trim());
  });
}

/** What a path serves: JSON alone, documents in every form, or watches, too. */
export type Offer = "json" | "documents" | "streams";

const offers: Readonly<Record<Offer, readonly string[]>> = {
  json: [mediaTypes.json],
  documents: Object.values(mediaTypes),
  streams: [...Object.values(mediaTypes), ...Object.values(streamTypes)],
};

/** The router's 406. */
export function routerNotAcceptable(offer: Offer): StatusError {
  return new StatusError(
    "NotAcceptable",
    `406: Not Acceptable\n\nAvailable representations: ${offers[offer].join(", ")}`,
    { details: {} },
  );
}

/** The verbs' 406, for forms that nobody knows. */
export function verbNotAcceptable(offered: readonly string[] = Object.values(mediaTypes)): StatusError {
  return new StatusError("NotAcceptable", `only the following media types are accepted: ${offered.join(", ")}`);
}

/** The 406 of a watch, which knows no YAML. */
export function watchNotAcceptable(): StatusError {
  return verbNotAcceptable(Object.values(streamTypes));
}

/** Whether JSON is indented: for people, who show themselves by their client or ask for it. */
export function isPretty(
  negotiated: Negotiated,
  { query, userAgent }: { readonly query: string | null; readonly userAgent: string | undefined },
): boolean {
  if (negotiated.pretty === true) return true;
  if (query !== null && query !== "") return ["1", "t", "T", "true", "True", "TRUE"].includes(query);
  return userAgent !== undefined && /^(curl|Mozilla\/5\.0|Wget)/.test(userAgent);
}

/** The format of a request's body by its Content-Type; undefined for one that is not read. JSON where none is named. */
export function bodyFormat(contentType: string | undefined): OutputFormat | undefined {
  if (contentType === undefined || contentType === "" || contentType === mediaTypes.json) return "json";
  const match = /^\s*([^\s;]+)\s*((?:;.*)?)$/.exec(contentType);
  if (match === null || !hasGoodParameters(match[2] ?? "")) return undefined;
  return formats.find((format) => mediaTypes[format] === match[1]?.toLowerCase());
}

/** Parameters that cannot be read, or contradict each other, make a type that cannot be read, though none of them means anything here. */
function hasGoodParameters(text: string): boolean {
  if (!/^(?:\s*;\s*[^\s;="]+=(?:[^\s;="]+|"(?:[^"\\]|\\.)*"))*\s*;?\s*$/.test(text)) return false;
  const named = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/([^\s;="]+)=([^\s;="]+|"(?:[^"\\]|\\.)*")/g)) {
    const key = name.toLowerCase();
    const plain = value.replace(/^"(.*)"$/s, "$1").replaceAll(/\\(.)/gs, "$1");
    if ((named.get(key) ?? plain) !== plain) return false;
    named.set(key, plain);
  }
  return true;
}

/** 415 of the verbs. */
export function unsupportedMediaType(contentType: string): StatusError {
  return new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${Object.values(mediaTypes).join(", ")}`,
    { cause: contentType },
  );
}
