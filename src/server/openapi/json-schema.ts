// JSON Schema as OpenAPI documents hold it.

export type JsonSchema = { readonly [keyword: string]: unknown };
