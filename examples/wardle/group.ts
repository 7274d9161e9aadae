// What all kinds of the wardle group share.

export const group = "wardle.example.com";

/** Before the version in OpenAPI's names of the kinds, as Kubernetes' own sample-apiserver has them. */
export const definitionPrefix = "io.k8s.sample-apiserver.pkg.apis.wardle";

/** v1alpha1 came with wardle 1.0, is deprecated since 1.3 and goes in 1.10: every answer in it warns of that. */
export const alphaLifecycle = { introduced: "1.0", removed: "1.10" } as const;
