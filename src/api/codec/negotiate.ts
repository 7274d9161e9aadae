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
/** 1,000 headers of some 100 bytes are 100 KiB; beyond that all are forgotten at once. */
const rememberedMax = 1_000;

/**
 * The first alternative that can be served, the best quality first, named types before wildcards. Undefined where there is none.
 * `transforms` says which other forms there are.
 */
export function negotiate(
  accept: string | undefined,
  { isWatch = false, transforms = true }: { readonly isWatch?: boolean; readonly transforms?: boolean } = {},
): Negotiated | undefined {
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") return plainJson;
  const key = `${isWatch}${transforms}${accept}`;
  if (remembered.has(key)) return remembered.get(key);
  if (remembered.size >= rememberedMax) remembered.clear();
  let chosen: Negotiated | undefined;
  for (const clause of clausesOf(accept)) {
    chosen = serve(clause, transforms);
    if (chosen !== undefined) break;
  }
  remembered.set(key, chosen);
  return chosen;
}

function clausesOf(accept: string): Clause[] {
  const clauses = accept
    .split(",")
    .map(parseClause)
    .filter((clause) => clause !== undefined);
  const rank = ({ type, subtype }: Clause) => (type === "*" ? 0 : subtype === "*" ? 1 : 2);
  return clauses.sort((a, b) => b.q - a.q || rank(b) - rank(a));
}

function parseClause(text: string): Clause | undefined {
  const [media = "", ...rest] = text.split(";").map((part) => part.trim());
  const [type = "", subtype = "", ...more] = media.split("/");
  if (type === "" || more.length > 0 || (subtype === "" && media.includes("/"))) return undefined;
  const parameters = new Map<string, string>();
  let q = 1;
  for (const part of rest) {
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    const value = equals < 0 ? "" : part.slice(equals + 1).trim();
    if (name === "q") q = Number.isNaN(Number.parseFloat(value)) ? 1 : Number.parseFloat(value);
    else parameters.set(name, value);
  }
  return { type, subtype: media === "*" ? "*" : subtype, q, parameters };
}

function serve({ type, subtype, parameters }: Clause, transforms: boolean): Negotiated | undefined {
  const format = formatOf(type, subtype);
  if (format === undefined) return undefined;
  const stream = parameters.get("stream");
  if (stream !== undefined && stream !== "" && stream !== "watch") return undefined;
  const pretty = parameters.has("pretty") ? parameters.get("pretty") === "1" : undefined;
  const as = parameters.get("as") ?? "";
  if (as === "") return { ...plainJson, format, pretty };
  const asVersion = parameters.get("v") ?? "";
  if (!transforms || parameters.get("g") !== "meta.k8s.io") return undefined;
  if (as === "Table" && (asVersion === "v1" || asVersion === "v1beta1")) return { format, as, asVersion, pretty };
  if (
    (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") &&
    (asVersion === "v1" || asVersion === "v1beta1")
  )
    return { format, as, asVersion, pretty };
  return undefined;
}

function formatOf(type: string, subtype: string): OutputFormat | undefined {
  if (type === "*" && subtype === "*") return "json";
  if (type !== "application") return undefined;
  switch (subtype) {
    case "json":
    case "*":
      return "json";
    case "yaml":
      return "yaml";
    case "vnd.kubernetes.protobuf":
      return "protobuf";
    default:
      return undefined;
  }
}

/** The router's look at Accept, before the request reaches a verb: one of the alternatives must be a type that is served, to the letter. */
export function isAcceptable(accept: string | undefined, streams: boolean): boolean {
  if (accept === undefined || accept === "") return true;
  const offered = offers(streams);
  return accept.split(",").some((part) => {
    const [media = ""] = part.trim().split(";");
    return media === "*/*" || offered.includes(media.trim()) || offered.includes(part.trim());
  });
}

function offers(streams: boolean): readonly string[] {
  return streams ? [...Object.values(mediaTypes), ...Object.values(streamTypes)] : Object.values(mediaTypes);
}

/** The router's 406. */
export function routerNotAcceptable(streams: boolean): StatusError {
  return new StatusError(
    "NotAcceptable",
    `406: Not Acceptable\n\nAvailable representations: ${offers(streams).join(", ")}`,
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
  if (query !== null)
    return query === "true" || query === "1" || query === "t" || query === "T" || query === "TRUE" || query === "True";
  if (negotiated.pretty !== undefined) return negotiated.pretty;
  return userAgent !== undefined && /^(curl|Mozilla\/5\.0|Wget)/.test(userAgent);
}

/** The format of a request's body by its Content-Type; undefined for one that is not read. JSON where none is named. */
export function bodyFormat(contentType: string | undefined): "json" | "yaml" | "protobuf" | undefined {
  const [media = ""] = (contentType ?? "").split(";");
  switch (media.trim().toLowerCase()) {
    case "":
    case mediaTypes.json:
      return "json";
    case mediaTypes.yaml:
      return "yaml";
    case mediaTypes.protobuf:
      return "protobuf";
    default:
      return undefined;
  }
}

/** 415 of the verbs. */
export function unsupportedMediaType(contentType: string): StatusError {
  return new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${Object.values(mediaTypes).join(", ")}`,
    { cause: contentType },
  );
}
