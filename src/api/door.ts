// What other rooms, and users as `annex/api`, may import.

export { applyObject } from "./apply/apply-object.ts";
export { trackUpdate } from "./apply/track-update.ts";
export {
  type BodyFormat,
  type ParsedDocument,
  parseDocument,
  patchedDocument,
  quoteBody,
  unreadableBody,
} from "./codec/document.ts";
export { encodeProtobufObject } from "./codec/encode-protobuf-object.ts";
export { encodePrettyJson, parseJson } from "./codec/json.ts";
export * from "./codec/negotiate.ts";
export { encodeProtobufList, encodeProtobufStatus, envelope as protobufEnvelope } from "./codec/protobuf.ts";
export { encodeProtobufDiscovery } from "./codec/protobuf-discovery.ts";
export {
  encodeProtobufEvent,
  encodeProtobufMetadata,
  encodeProtobufMetadataList,
} from "./codec/protobuf-metadata.ts";
export { decodeProtobufObject, decodeProtobufOptions } from "./codec/protobuf-object.ts";
export { strictErrors } from "./codec/strict-errors.ts";
export { decodeYaml, encodeYaml } from "./codec/yaml.ts";
export { copyMeta, decodeVersioned, fromHub, toHub, viewIn } from "./conversion.ts";
export * from "./field-error.ts";
export * from "./group-version.ts";
export { scaleIntOrString } from "./int-or-string.ts";
export { incrementInt64 } from "./int64.ts";
export * from "./kind.ts";
export * from "./object-meta.ts";
export { applyJsonPatch } from "./patch/json-patch.ts";
export { applyMergePatch } from "./patch/merge-patch.ts";
export { applyStrategicMergePatch } from "./patch/strategic-merge-patch.ts";
export * from "./quantity.ts";
export * from "./quote-text.ts";
export { DecodeError } from "./schema/decode-error.ts";
export { missingFields, withZeroFields } from "./schema/missing-fields.ts";
export { objectMetaSchema } from "./schema/object-meta-schema.ts";
export { type ObjectSchema, objectMetaNode, objectSchema } from "./schema/object-schema.ts";
export * from "./schema/schema-node.ts";
export { Type } from "./schema/type.ts";
export { validateSchema } from "./schema/validate-schema.ts";
export * from "./selector/field-selector.ts";
export * from "./selector/label-selector.ts";
export * from "./status-error.ts";
export * from "./validation/names.ts";
export * from "./validation/object-meta.ts";
export { compareVersions } from "./version-order.ts";
