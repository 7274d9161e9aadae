// What a Service must look like, in Kubernetes' words.

import { isIP } from "node:net";
import { type ApiObject, type FieldError, fieldError } from "../../api/door.ts";
import { cellText, part } from "./columns.ts";
import { portsOf } from "./service-ports.ts";

const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const protocols = ["SCTP", "TCP", "UDP"];
const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const dnsLabelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const dnsSubdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** Every fault of a service's spec; `old` adds what an update may not change. */
export function validateService(service: ApiObject, old: ApiObject | undefined): FieldError[] {
  const spec = part(service, "spec");
  const errors = [...portListErrors(spec), ...typeErrors(spec), ...addressErrors(spec)];
  if (spec.sessionAffinity !== "None" && spec.sessionAffinity !== "ClientIP")
    errors.push(fieldError.notSupported("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]));
  if (old !== undefined) errors.push(...addressChangeErrors(spec, part(old, "spec")));
  return errors;
}

function portListErrors(spec: Readonly<Record<string, unknown>>): FieldError[] {
  const ports = portsOf(spec);
  const errors: FieldError[] = [];
  if (ports.length === 0 && spec.clusterIP !== "None" && spec.type !== "ExternalName")
    errors.push(fieldError.required("spec.ports"));
  const names = new Set<string>();
  const pairs = new Set<string>();
  for (const [index, port] of ports.entries()) {
    errors.push(...portErrors(port, `spec.ports[${index}]`, ports.length > 1));
    const name = cellText(port.name);
    if (name !== "" && names.has(name)) errors.push(fieldError.duplicate(`spec.ports[${index}].name`, name));
    names.add(name);
    const pair = `${port.protocol}/${port.port}`;
    if (pairs.has(pair))
      errors.push(fieldError.duplicate(`spec.ports[${index}]`, { port: port.port, protocol: port.protocol }));
    pairs.add(pair);
  }
  return errors;
}

function portErrors(port: Readonly<Record<string, unknown>>, path: string, nameRequired: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const name = cellText(port.name);
  if (name === "" && nameRequired) errors.push(fieldError.required(`${path}.name`));
  if (name !== "" && (!dnsLabel.test(name) || name.length > 63))
    errors.push(fieldError.invalid(`${path}.name`, name, dnsLabelMessage));
  if (!isPort(port.port))
    errors.push(fieldError.invalid(`${path}.port`, port.port, "must be between 1 and 65535, inclusive"));
  if (!protocols.includes(cellText(port.protocol)))
    errors.push(fieldError.notSupported(`${path}.protocol`, port.protocol, protocols));
  if (typeof port.targetPort === "number" && !isPort(port.targetPort))
    errors.push(fieldError.invalid(`${path}.targetPort`, port.targetPort, "must be between 1 and 65535, inclusive"));
  return errors;
}

function isPort(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function typeErrors(spec: Readonly<Record<string, unknown>>): FieldError[] {
  const type = cellText(spec.type);
  if (!types.includes(type)) return [fieldError.notSupported("spec.type", type, types)];
  if (type !== "ExternalName") return [];
  const errors: FieldError[] = [];
  const name = cellText(spec.externalName).replace(/\.$/, "");
  if (name === "") errors.push(fieldError.required("spec.externalName"));
  else if (!dnsSubdomain.test(name)) errors.push(fieldError.invalid("spec.externalName", name, dnsSubdomainMessage));
  if (cellText(spec.clusterIP) !== "")
    errors.push(fieldError.forbidden("spec.clusterIPs[0]", "may not be set for ExternalName services"));
  return errors;
}

function addressErrors(spec: Readonly<Record<string, unknown>>): FieldError[] {
  const address = cellText(spec.clusterIP);
  if (address === "" || address === "None" || isIP(address) !== 0) return [];
  return [
    fieldError.invalid("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
  ];
}

function addressChangeErrors(
  spec: Readonly<Record<string, unknown>>,
  old: Readonly<Record<string, unknown>>,
): FieldError[] {
  if (spec.type === "ExternalName" || old.type === "ExternalName") return [];
  if (cellText(old.clusterIP) === "" || spec.clusterIP === old.clusterIP) return [];
  return [fieldError.invalid("spec.clusterIPs[0]", spec.clusterIP ?? "", "may not change once set")];
}
