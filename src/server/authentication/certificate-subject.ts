// The parts of a certificate's subject that name a user.

import type { X509Certificate } from "node:crypto";

export interface Subject {
  /** Empty where there is none. */
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Node writes a subject with one attribute a line, and escapes what would break a line or look like another attribute. */
export function subjectOf({ subject }: X509Certificate): Subject {
  let commonName = "";
  const organizations: string[] = [];
  for (const line of (subject ?? "").split(/\n|\s\+\s/)) {
    const value = unescapeAttribute(line.slice(line.indexOf("=") + 1));
    if (line.startsWith("CN=")) commonName = value;
    else if (line.startsWith("O=")) organizations.push(value);
  }
  return { commonName, organizations };
}

function unescapeAttribute(value: string): string {
  return value.replace(/\\([0-9A-Fa-f]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  );
}
