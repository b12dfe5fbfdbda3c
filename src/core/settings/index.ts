// The door of settings files: text that people and programs write by hand, changed by cutting and inserting and never written anew.
export { appendTo, cutMember, nodeAt, setMissing } from "./json-edit.ts";
export {
  type JsonForm,
  type JsonList,
  type JsonMember,
  type JsonNode,
  type JsonObject,
  jsonValue,
  memberOf,
  parseJsonText,
} from "./json-text.ts";
export { parseTomlText, type TomlKey, type TomlStatement } from "./toml-text.ts";
