// Database clients: SQL on the command line must provably be a question; destroying, altering and granting ask a person (PERM-11).
import type { Effect } from "../facts.ts";
import { leadsFar } from "../far.ts";
import { valuesOf } from "../options.ts";
import type { Operand, ReadOptions } from "../read-options.ts";
import { sqlCommands, sqlHarm, sqlIrreversible } from "../sql-text.ts";
import { gadget, type Special } from "./special.ts";

/** `texts`: where the words hold SQL. Without any, the program comes from standard input. */
function client(texts: (read: ReadOptions) => readonly Operand[]): Special {
  return (read, use) => {
    const given = texts(read);
    if (given.length === 0) {
      const piped = use.stdin?.kind === "text" ? sqlIrreversible(use.stdin.text) : undefined;
      return [
        ...(["version", "help", "V", "l", "list"].some((n) => read.seen.has(n)) ? [] : [gadget("standard-input", 0)]),
        ...(piped === undefined ? [] : [{ kind: "irreversible", code: piped, index: 0 } as const]),
      ];
    }
    return given.flatMap(({ word, index }): readonly Effect[] => {
      const text = word.value ?? (word.likely?.length === 1 ? word.likely[0] : undefined);
      const lasting = sqlIrreversible(text ?? word.prefix);
      const harm = word.value === undefined ? "not-constant" : sqlHarm(word.value);
      const inner = harm === undefined ? [] : sqlCommands(text ?? "").flatMap((t) => use.shellText(t));
      return [
        ...(harm === undefined ? [] : [gadget(harm, index)]),
        ...(inner.length === 0 ? [] : [{ kind: "run", index, inner } as const]),
        ...(lasting === undefined ? [] : [{ kind: "irreversible", code: lasting, index } as const]),
      ];
    });
  };
}

const options: Special = client((read) =>
  valuesOf(read, "c", "command", "e", "execute", "eval", "init-command", "q", "Q", "query"),
);

/** psql, mysql, clickhouse-client: options hold the text; a database may be named by an address, on another host too. */
export const sqlOption: Special = (read, use) => [
  ...options(read, use),
  // sqlcmd's `query TEXT`
  ...read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const code = /\s/.test(word.value ?? "") ? sqlIrreversible(word.value ?? "") : undefined;
    return code === undefined ? [] : [{ kind: "irreversible", code, index }];
  }),
  ...[...read.operands, ...valuesOf(read, "d", "dbname")]
    .filter((o) => o.word.value !== undefined && leadsFar(o.word.value))
    .map((o) => gadget("network", o.index)),
];

/** sqlite3 and duckdb: everything behind the file, and what their options hold. */
export const sqlOperand: Special = client((read) => [...valuesOf(read, "cmd", "c", "s"), ...read.operands.slice(1)]);

/** cypher-shell: its operands are the program. */
export const sqlAll: Special = client((read) => read.operands);

/** redis-cli: its operands are one command. */
export const redis: Special = (read) => {
  const words = read.operands.map((o) => (o.word.value ?? "").toLowerCase());
  const [first] = read.operands;
  if (first === undefined) return [gadget("standard-input", 0)];
  if (
    /^(?:flushall|flushdb|shutdown)$/.test(words[0] ?? "") ||
    words.some((word) => /\b(?:flushall|flushdb)\b/.test(word))
  )
    return [{ kind: "irreversible", code: "destroys-data", index: first.index }];
  const asks =
    /^(?:get|mget|keys|scan|exists|ttl|type|info|ping|dbsize|hget|hgetall|lrange|llen|smembers|zrange|strlen)$/;
  return asks.test(words[0] ?? "") ? [] : [gadget("changes-data", first.index)];
};
