// The door of what is said to a model and what it answers, as its vendors' protocols carry it (AUD-1).
export { type ModelApi, modelApiOf } from "./api.ts";
export { EventStream } from "./event-stream.ts";
export type { ModelCall, ModelOutput, TextRoom, Usage } from "./output.ts";
export { type ModelPrompt, type ResultHandedOn, readPrompt } from "./prompt.ts";
export { type AnswerReader, answerReader } from "./reader.ts";
export { outputFacts, promptFacts } from "./record.ts";
