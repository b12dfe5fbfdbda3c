// The tables of tests/cases/mcp-screen as examples to learn from: what the rules find in each text, and its signs.
import type { JsonObject } from "#core/mcp";
import * as definitions from "../../src/core/mcp/screen/definition.ts";
import {
  type Finding,
  type Peer,
  screenDefinition,
  screenElicitation,
  screenResult,
  screenSampling,
} from "../../src/core/mcp/screen/index.ts";
import * as requests from "../../src/core/mcp/screen/request.ts";
import * as results from "../../src/core/mcp/screen/result.ts";
import type { Subject } from "../../src/core/mcp/screen/signs.ts";
import { type Field, fieldsOf } from "../../src/core/mcp/screen/walk.ts";
import { signsIn } from "../../src/core/mcp/screen/weigh.ts";
import { atOnce } from "../../src/core/mcp/screen/work.ts";
import { readCases } from "./cases.ts";
import type { Example } from "./learn-weights.ts";

/** A line of a table. */
export interface ScreenLine {
  readonly id: string;
  readonly server: string;
  readonly peers?: readonly Peer[];
  readonly result?: JsonObject;
  readonly elicitation?: JsonObject;
  readonly sampling?: JsonObject;
  readonly instructions?: string;
  readonly tool?: JsonObject;
  readonly prompt?: JsonObject;
  readonly resource?: JsonObject;
}

/** What is learned from. */
export const TABLES = ["attacks", "benign", "live", "manuals", "strangers"] as const;

/** A text with its label, as the scorer sees it. */
export interface LabelledExample extends Example {
  readonly id: string;
  /** The stranger who wrote it, or the table. */
  readonly writer: string;
  readonly findings: readonly Finding[];
}

/** All of them, in the tables' order. */
export function readExamples(): readonly LabelledExample[] {
  return TABLES.flatMap((table) => {
    const [, ...lines] = readCases<object, ScreenLine>(`mcp-screen/${table}.jsonl`);
    return lines.map((line) => {
      const { subject, fields, findings } = ruled(line);
      const [writer = "", side = ""] =
        table === "strangers" ? line.id.split("-") : [table, table === "attacks" ? "a" : "b"];
      const { wide, narrow } = signsIn(subject, fields, findings);
      // an answer holds anything that was ever written: its single sentences would outnumber what there is to learn
      const sentences = subject === "definition" ? narrow : [];
      return { id: line.id, writer, isAttack: side === "a", findings, wide, narrow: sentences };
    });
  });
}

/** What screening says of a line. */
export function screened(line: ScreenLine): readonly Finding[] {
  const { server, peers = [], result, elicitation, sampling } = line;
  if (result !== undefined) return screenResult(server, result, peers);
  if (elicitation !== undefined) return screenElicitation(elicitation);
  if (sampling !== undefined) return screenSampling(sampling);
  return screenDefinition(server, definitionOf(line), peers);
}

const definitionOf = ({ tool, prompt, resource, instructions }: ScreenLine): JsonObject | string =>
  tool ?? prompt ?? resource ?? instructions ?? "";

/** What the rules alone say. */
function ruled(line: ScreenLine): { subject: Subject; fields: readonly Field[]; findings: readonly Finding[] } {
  const { server, peers = [], result, elicitation, sampling } = line;
  if (result !== undefined)
    return {
      subject: "result",
      fields: atOnce(results.readFields(result)),
      findings: atOnce(results.resultWork(atOnce(results.readFields(result)), result, peers)),
    };
  if (elicitation !== undefined)
    return {
      subject: "elicitation",
      fields: fieldsOf(elicitation),
      findings: atOnce(requests.elicitationWork(elicitation)),
    };
  if (sampling !== undefined)
    return { subject: "sampling", fields: fieldsOf(sampling), findings: atOnce(requests.samplingWork(sampling)) };
  const definition = definitionOf(line);
  return {
    subject: "definition",
    fields: fieldsOf(definition),
    findings: atOnce(definitions.definitionWork(server, definition, peers)),
  };
}
