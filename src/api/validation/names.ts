// What names, label keys and label values may be, in Kubernetes' words.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/

const dnsLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dnsSubdomain = `${dnsLabel}(\\.${dnsLabel})*`;
const dns1035Label = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedName = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = `(${qualifiedName})?`;

const dnsLabelPattern = new RegExp(`^${dnsLabel}$`);
const dnsSubdomainPattern = new RegExp(`^${dnsSubdomain}$`);
const dns1035LabelPattern = new RegExp(`^${dns1035Label}$`);
const qualifiedNamePattern = new RegExp(`^${qualifiedName}$`);
const labelValuePattern = new RegExp(`^${labelValue}$`);

/** One label of the DNS, and the name of a label of ours. */
const labelBytesMax = 63;
/** A whole name of the DNS. */
const subdomainBytesMax = 253;

const dnsLabelWords = explain(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ["my-name", "123-abc"],
  dnsLabel,
);
const subdomainWords = explain(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ["example.com"],
  dnsSubdomain,
);
const dns1035Words = explain(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ["my-name", "abc-123"],
  dns1035Label,
);
const qualifiedWords = explain(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ["MyName", "my.name", "123-abc"],
  qualifiedName,
);
const labelValueWords = explain(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ["MyValue", "my_value", "12345"],
  labelValue,
);

function explain(rule: string, examples: readonly string[], regex: string): string {
  const shown = examples.map((text) => `'${text}'`).join(",  or ");
  return `${rule} (e.g. ${shown}, regex used for validation is '${regex}')`;
}

/** Labels are checked with every write: what is as it should be costs no array. */
const none: readonly string[] = [];

/** Why `name` is no DNS label (RFC 1123). */
export function dnsLabelFaults(name: string): readonly string[] {
  const faults = lengthFaults(name, labelBytesMax);
  if (dnsLabelPattern.test(name)) return faults;
  return [...faults, dnsSubdomainPattern.test(name) ? "must not contain dots" : dnsLabelWords];
}

/** Why `name` is no DNS name (RFC 1123). */
export function dnsSubdomainFaults(name: string): readonly string[] {
  const faults = lengthFaults(name, subdomainBytesMax);
  return dnsSubdomainPattern.test(name) ? faults : [...faults, subdomainWords];
}

/** Why `name` is no DNS label in the older sense (RFC 1035), as Services have it. */
export function dns1035LabelFaults(name: string): readonly string[] {
  const faults = lengthFaults(name, labelBytesMax);
  return dns1035LabelPattern.test(name) ? faults : [...faults, dns1035Words];
}

/** Kubernetes counts bytes here, too, and calls them characters. */
function lengthFaults(name: string, maxBytes: number): readonly string[] {
  return isTooLong(name, maxBytes) ? [`must be no more than ${maxBytes} characters`] : none;
}

function isTooLong(text: string, maxBytes: number): boolean {
  // No character has fewer bytes than UTF-16 units, and none more than three bytes a unit.
  if (text.length * 3 <= maxBytes) return false;
  return Buffer.byteLength(text) > maxBytes;
}

/** Why `name` can be no namespace. */
export function namespaceFaults(name: string): readonly string[] {
  return dnsLabelFaults(name);
}

/** Why `name` cannot be one segment of a path. */
export function pathSegmentFaults(name: string, isPrefix = false): readonly string[] {
  if (!isPrefix && (name === "." || name === "..")) return [`may not be '${name}'`];
  if (!name.includes("/") && !name.includes("%")) return none;
  return ["/", "%"]
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** What a generated name may be is decided by its prefix, whose last dash something follows. */
export function withoutTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith("-") ? `${prefix.slice(0, -2)}a` : prefix;
}

/** Why `key` is no label key (a qualified name): an optional DNS prefix and a name. */
export function labelKeyFaults(key: string): readonly string[] {
  const parts = key.split("/");
  if (parts.length > 2)
    return [
      `a valid label key ${qualifiedWords} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = parts.at(-1) ?? "";
  const ofPrefix = parts.length === 2 ? labelPrefixFaults(parts[0] ?? "") : none;
  const ofName = labelNameFaults(name);
  return ofPrefix.length === 0 ? ofName : [...ofPrefix, ...ofName];
}

function labelPrefixFaults(prefix: string): readonly string[] {
  if (prefix === "") return ["prefix part must be non-empty"];
  const faults: string[] = [];
  if (isTooLong(prefix, subdomainBytesMax)) faults.push(`prefix part must be no more than ${subdomainBytesMax} bytes`);
  if (!dnsSubdomainPattern.test(prefix)) faults.push(`prefix part ${subdomainWords}`);
  return faults;
}

function labelNameFaults(name: string): readonly string[] {
  const tooLong = isTooLong(name, labelBytesMax);
  if (!tooLong && qualifiedNamePattern.test(name)) return none;
  const faults: string[] = [];
  if (name === "") faults.push("name part must be non-empty");
  if (tooLong) faults.push(`name part must be no more than ${labelBytesMax} bytes`);
  if (!qualifiedNamePattern.test(name)) faults.push(`name part ${qualifiedWords}`);
  return faults;
}

/** Why `value` cannot be a label's value. */
export function labelValueFaults(value: string): readonly string[] {
  const tooLong = isTooLong(value, labelBytesMax);
  const isWellFormed = labelValuePattern.test(value);
  if (!tooLong && isWellFormed) return none;
  const faults: string[] = [];
  if (tooLong) faults.push(`must be no more than ${labelBytesMax} bytes`);
  if (!isWellFormed) faults.push(labelValueWords);
  return faults;
}
