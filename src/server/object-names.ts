// What objects of a resource may be called, and names that the server makes.

import { randomInt } from "node:crypto";
import {
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  type NameRule,
  pathSegmentFaults,
  withoutTrailingDash,
} from "../api/door.ts";
import type { Resource } from "./resource.ts";

/** A prefix may end in a dash, since more follows. */
const ofPrefixes =
  (faults: (name: string) => readonly string[]): NameRule =>
  (name, isPrefix) =>
    faults(isPrefix ? withoutTrailingDash(name) : name);

const nameRules = {
  "dns-subdomain": ofPrefixes(dnsSubdomainFaults),
  "dns-label": ofPrefixes(dnsLabelFaults),
  "dns-1035-label": ofPrefixes(dns1035LabelFaults),
  "path-segment": pathSegmentFaults,
} as const satisfies Record<string, NameRule>;

/** What names of a resource may be. */
export function nameRuleOf({ nameRule = "dns-subdomain" }: Resource): NameRule {
  return typeof nameRule === "function" ? nameRule : nameRules[nameRule];
}

/** Letters and digits that make no words by accident. */
const generatedLetters = "bcdfghjklmnpqrstvwxz2456789";
const generatedLength = 5;
/** A prefix is cut so that the whole name fits a DNS label of 63 bytes. */
const generatedPrefixMax = 63 - generatedLength;

/** A name that begins with `prefix`. */
export function generateName(prefix: string): string {
  let suffix = "";
  for (let at = 0; at < generatedLength; at++) suffix += generatedLetters[randomInt(generatedLetters.length)];
  return `${prefix.slice(0, generatedPrefixMax)}${suffix}`;
}
