// What names, label keys and label values may be, in Kubernetes' words.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/

const dnsLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dnsSubdomain = `${dnsLabel}(\\.${dnsLabel})*`;
const dns1035Label = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedName = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

const dnsLabelPattern = new RegExp(`^${dnsLabel}$`);
const dnsSubdomainPattern = new RegExp(`^${dnsSubdomain}$`);
const dns1035LabelPattern = new RegExp(`^${dns1035Label}$`);
const qualifiedNamePattern = new RegExp(`^${qualifiedName}$`);
const labelValuePattern = new RegExp(`^${labelValue}$`);

const labelBytesMax = 63;
const subdomainBytesMax = 253;

function example(lead: string, examples: readonly string[], regex: string): string {
  const shown = examples.map((text) => `'${text}'`).join(",  or ");
  return `${lead} (e.g. ${shown}, regex used for validation is '${regex}')`;
}

const labelWords = example(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ["my-name", "123-abc"],
  dnsLabel,
);
const subdomainWords = example(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ["example.com"],
  dnsSubdomain,
);
const dns1035Words = example(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ["my-name", "abc-123"],
  dns1035Label,
);
const qualifiedCharacters =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const qualifiedWords = example(qualifiedCharacters, ["MyName", "my.name", "123-abc"], qualifiedName);

function tooLong(max: number): string {
  return `must be no more than ${max} bytes`;
}

/** Why `name` is no DNS label (RFC 1123). Names that end in a generated part are given with `isPrefix`. */
export function dnsLabelFaults(name: string): string[] {
  return pattern(name, labelBytesMax, dnsLabelPattern, labelWords);
}

export function dnsSubdomainFaults(name: string): string[] {
  return pattern(name, subdomainBytesMax, dnsSubdomainPattern, subdomainWords);
}

export function dns1035LabelFaults(name: string): string[] {
  return pattern(name, labelBytesMax, dns1035LabelPattern, dns1035Words);
}

function pattern(name: string, maxBytes: number, regex: RegExp, words: string): string[] {
  const faults: string[] = [];
  if (Buffer.byteLength(name) > maxBytes) faults.push(tooLong(maxBytes));
  if (!regex.test(name)) faults.push(words);
  return faults;
}

/** Why `name` can be no namespace: DNS labels, with words of their own for what is seen most. */
export function namespaceFaults(name: string): string[] {
  if (name.includes(".")) return ["must not contain dots"];
  return dnsLabelFaults(name).map((fault) =>
    fault === tooLong(labelBytesMax) ? `must be no more than ${labelBytesMax} characters` : fault,
  );
}

/** Why `name` cannot be one segment of a path. */
export function pathSegmentFaults(name: string, isPrefix = false): string[] {
  if (!isPrefix && (name === "." || name === "..")) return [`may not be '${name}'`];
  return ["/", "%"]
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** What a generated name may be is decided by its prefix, of which a trailing dash is no part. */
export function withoutTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith("-") ? `${prefix.slice(0, -2)}a` : prefix;
}

/** Why `key` is no label key (a qualified name): an optional DNS prefix and a name. */
export function labelKeyFaults(key: string): string[] {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const faults: string[] = [];
  if (parts.length > 2)
    return [
      example(`a valid label key ${qualifiedCharacters}`, ["MyName", "my.name", "123-abc"], qualifiedName).replace(
        /'\)$/,
        "') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
      ),
    ];
  if (parts.length === 2) {
    const [prefix = ""] = parts;
    if (prefix === "") faults.push("prefix part must be non-empty");
    else faults.push(...dnsSubdomainFaults(prefix).map((fault) => `prefix part ${fault}`));
  }
  if (name === "") faults.push("name part must be non-empty");
  else if (Buffer.byteLength(name) > labelBytesMax) faults.push(`name part ${tooLong(labelBytesMax)}`);
  if (!qualifiedNamePattern.test(name)) faults.push(`name part ${qualifiedWords}`);
  return faults;
}

/** Why `value` cannot be a label's value. */
export function labelValueFaults(value: string): string[] {
  const words = example(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    ["MyValue", "my_value", "12345"],
    labelValue,
  );
  return pattern(value, labelBytesMax, labelValuePattern, words);
}
