// What an extension that comes as a file is called.

import { basename, dirname, resolve } from "node:path";

/**
 * The name of its file, or of its folder where the file has a name that says nothing. It is a namespace's name, too, so that what may not
 * be in one becomes a dash.
 */
export function extensionName(file: string): string {
  const fileName = basename(file).replace(/\.[cm]?[jt]s$/, "");
  const name = /^(server|index|main)$/.test(fileName) ? basename(dirname(resolve(file))) : fileName;
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, labelLengthMax)
    .replace(/^-+|-+$/g, "");
  return label === "" ? "extension" : label;
}

/** Of a DNS label. */
const labelLengthMax = 63;
