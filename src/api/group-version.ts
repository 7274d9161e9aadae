// Groups, versions, kinds and resources, as URLs and `apiVersion` fields name them.
// https://kubernetes.io/docs/reference/using-api/#api-groups

/** `group` is empty for the core group. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export interface GroupVersionKind extends GroupVersion {
  readonly kind: string;
}

export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** The text of an `apiVersion` field: `v1` in the core group, `group/version` elsewhere. */
export function formatApiVersion({ group, version }: GroupVersion): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Reads an `apiVersion` field; undefined where it has more than one slash. The empty text is the empty group and version. */
export function parseApiVersion(text: string): GroupVersion | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return { group: "", version: text };
  if (text.indexOf("/", slash + 1) >= 0) return undefined;
  return { group: text.slice(0, slash), version: text.slice(slash + 1) };
}

/** `flunders.wardle.example.com`, or `pods` in the core group, as messages name a resource. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === "" ? resource : `${resource}.${group}`;
}

/** `Flunder.wardle.example.com`, or `Pod` in the core group, as messages name a kind. */
export function formatGroupKind({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return group === "" ? kind : `${kind}.${group}`;
}
