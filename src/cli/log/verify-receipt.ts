// `ringfence log verify RECEIPT`: one record, its proof and its signatures in one file, checked with a public key alone.
import { sha256, verifyEd25519 } from "#audit";
import {
  checkDisclosure,
  checkReceipt,
  DISCLOSURE_HEAD,
  type DisclosureReport,
  exitOf,
  type LogKind,
  parseLogName,
  RECEIPT_HEAD,
  verdictText,
} from "#core/log";
import { forTerminal } from "#core/text";
import { EXIT, fail } from "../exit.ts";
import { jsonLine } from "../print-json.ts";
import { readInput } from "./key.ts";
import { keyField, keyLines, type Trust, verdictFields } from "./verify-answer.ts";

/** Checks the receipt in `file` and returns the exit code of its verdict. */
export function verifyReceipt(file: string, trust: Trust, flags: { readonly json?: boolean }): number {
  const text = readInput(file);
  if (!text.startsWith(`${RECEIPT_HEAD}\n`) && !text.startsWith(`${DISCLOSURE_HEAD}\n`))
    fail(
      {
        code: "input",
        message: `\`${file}\` is neither the folder of a log nor a receipt`,
        hint: "ringfence log verify FOLDER, or a file that `ringfence log prove` wrote",
      },
      EXIT.badInput,
    );
  const check = text.startsWith(`${DISCLOSURE_HEAD}\n`) ? checkDisclosure : checkReceipt;
  const report: DisclosureReport = check(text, trust.keys, { sha256, verify: verifyEd25519 });
  const exit = exitOf(report.verdict);
  process.stdout.write(flags.json === true ? jsonReceipt(report, trust, exit) : textReceipt(file, report, trust));
  return exit;
}

function jsonReceipt({ verdict, epoch, ...rest }: DisclosureReport, trust: Trust, exit: number): string {
  const kind = kindOf(rest.origin);
  const document = {
    ok: exit === 0,
    exit,
    key: keyField(trust),
    ...verdictFields(verdict),
    ...(epoch === undefined ? {} : { epoch: epoch.epoch }),
    ...rest,
    ...(kind === undefined ? {} : { kind }),
  };
  return jsonLine(document, 2);
}

/** What kind of log it stands in, as the log's signed name says. */
function kindOf(origin: string | undefined): LogKind | undefined {
  return origin === undefined ? undefined : parseLogName(origin)?.kind;
}

const OF_KIND: { readonly [kind in LogKind]: string } = {
  machine: " (the machine's ledger)",
  session: "",
  append: " (another program's, kept by `log append`)",
};

function textReceipt(file: string, report: DisclosureReport, trust: Trust): string {
  const { verdict, record, origin, size, disclosed, notes = [] } = report;
  const lines = [`${file}  ${verdictText(verdict)}`];
  if (record !== undefined)
    lines.push(
      `  record ${record.seq} of ${size}, ${record.ts}, ${record.origin}, ${record.type}: ${JSON.stringify(record.data)}`,
      `  in the log ${origin}${OF_KIND[kindOf(origin) ?? "session"]}`,
    );
  if (disclosed !== undefined) lines.push(`  ${disclosed.path} was: ${JSON.stringify(disclosed.value)}`);
  lines.push(...notes.map((note) => `  ${note}`));
  return `${[...lines, ...keyLines(trust)].map((line) => forTerminal(line)).join("\n")}\n`;
}
