// A secret that is itself written in hex or base64: the bytes that it means are as good as the letters.
import { base64Bytes } from "./base64-run.ts";
import { hexBytes } from "./hex-run.ts";

const LEAST = 12;

/** The bytes that it means, in each way that it can be read as a whole. */
export function decodedForms(value: Uint8Array): readonly Uint8Array[] {
  const text = Array.from(value, (byte) => String.fromCharCode(byte)).join("");
  const forms: Uint8Array[] = [];
  const [, digits] = /^(?:[\w.-]{0,12}[_-])?((?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,})$/.exec(text) ?? [];
  if (digits !== undefined) forms.push(hexBytes(value.slice(value.length - digits.length)));
  else if (/^[A-Za-z0-9+/_-]{20,}={0,2}$/.test(text)) forms.push(base64Bytes(value, 0));
  return forms.filter(({ length }) => length >= LEAST);
}
