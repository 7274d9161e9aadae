// The ports in a service's spec.

/** The ports of a service's spec, to read and to change. */
export function portsOf(spec: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  return Array.isArray(spec.ports) ? spec.ports.filter((port) => typeof port === "object" && port !== null) : [];
}
