// A count, or a share in percent, such as `maxUnavailable: 1` and `maxUnavailable: 25%`.
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#intorstring-intstr-util

/** The number that the value stands for where 100 % are `total`; undefined for a text that is no percentage. */
export function scaleIntOrString(
  value: number | string,
  { total, roundUp = false }: { readonly total: number; readonly roundUp?: boolean },
): number | undefined {
  if (typeof value === "number") return value;
  const match = /^(\d{1,9})%$/.exec(value);
  if (match === null) return undefined;
  const share = (Number(match[1]) * total) / 100;
  return roundUp ? Math.ceil(share) : Math.floor(share);
}
