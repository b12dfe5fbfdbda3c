// A prompt and an answer as the record keeps them: the same fields whoever tells of them (docs/log-format.md, `prompt` and `model.output`).
import type { Json } from "../log/index.ts";
import type { ModelOutput } from "./output.ts";
import type { ModelPrompt } from "./prompt.ts";

/** The data of a `prompt` record. */
export function promptFacts({ messages, model, results, text, tools }: ModelPrompt): { readonly [key: string]: Json } {
  return {
    ...(model === undefined ? {} : { model }),
    text,
    ...(results.length === 0 ? {} : { results: results.map((one) => ({ ...one })) }),
    ...{ messages, tools },
  };
}

/** The data of a `model.output` record. */
export function outputFacts(output: ModelOutput): { readonly [key: string]: Json } {
  const { calls, isComplete, isTruncated, text, thinking, ...others } = output;
  const plain = Object.entries(others).filter((one): one is [string, string | number] => one[1] !== undefined);
  return {
    text,
    ...(thinking === "" ? {} : { thinking }),
    ...(calls.length === 0 ? {} : { calls: calls.map((call) => ({ ...call })) }),
    ...Object.fromEntries(plain),
    ...(isComplete ? {} : { incomplete: true }),
    ...(isTruncated ? { truncated: true } : {}),
  };
}
