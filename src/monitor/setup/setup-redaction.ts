// A secret can stand in what is recorded: in an argument, in the name of a file. It never enters the record (AUD-4), nor a line for the person: its name
// stands there instead. What a setup was shown is looked for in every form, what the agent should not have at all as it is.
import type { Json } from "#core/log";
import { formsOf, type SoughtValue } from "#sandbox";

/** Takes the values out of texts, and of all texts of a JSON value. */
export interface Redaction {
  text(text: string): string;
  data(data: { readonly [key: string]: Json }): { readonly [key: string]: Json };
}

/** For these values, in every form. */
export function redactionOf(values: readonly SoughtValue[]): Redaction {
  return redactionOfTexts(formsOf(values).map(({ name, bytes }) => ({ name, form: bytes.toString("utf8") })));
}

/** For these texts as they are. */
export function redactionOfTexts(texts: readonly { readonly name: string; readonly form: string }[]): Redaction {
  const forms = [...texts].sort((a, b) => b.form.length - a.form.length);
  const text = (given: string): string =>
    forms.reduce((left, { form, name }) => (left.includes(form) ? left.replaceAll(form, `[${name}]`) : left), given);
  const json = (value: Json): Json => {
    if (typeof value === "string") return text(value);
    if (typeof value !== "object" || value === null) return value;
    return Array.isArray(value) ? value.map(json) : data(value as { readonly [key: string]: Json });
  };
  const data = (given: { readonly [key: string]: Json }): { readonly [key: string]: Json } =>
    forms.length === 0
      ? given
      : Object.fromEntries(Object.entries(given).map(([key, value]) => [text(key), json(value)]));
  return { text, data };
}
