// SQL given as an argument (psql -c, mysql -e, sqlite3 FILE TEXT): is it provably a question, and does it destroy or grant?

/** Functions that neither read files nor run anything, in every database here. */
const HARMLESS_CALL =
  /^(?:count|sum|avg|min|max|total|length|lower|upper|trim|ltrim|rtrim|substr|substring|replace|round|abs|coalesce|ifnull|nullif|date|time|datetime|strftime|now|group_concat|string_agg|cast|in|and|or|where|values|as|on|over|distinct|exists|not|from|select|using|version|pg_size_pretty|pg_database_size|pg_relation_size|pg_total_relation_size|table_info|index_list)$/i;

/** Text without the contents of its strings, quoted names and comments; `undefined` when one has no end. */
function withoutStrings(sql: string): string | undefined {
  const text = sql
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(/"[^"]*"/g, '""')
    .replace(/--[^\n]*/g, "");
  return /'(?!')(?<!'')|\/\*|\$\$|\\$/.test(text.replaceAll("''", "")) ? undefined : text;
}

/** Harm of SQL text and of the client's own commands; nothing when it provably only asks. */
export function sqlHarm(sql: string): string | undefined {
  const text = withoutStrings(sql)?.trim();
  if (text === undefined) return "script";
  if (
    /^(?:\\(?:d[a-zA-Z+]*|l|conninfo)|\.(?:tables|schema|indexes|indices|databases|dbinfo))(?:\s+[\w.*"]+)?$/.test(text)
  )
    return undefined;
  const [statement = "", ...more] = text
    .split(";")
    .map((s) => s.trim())
    .filter(Boolean);
  if (
    more.length > 0 ||
    !/^(?:select|show|explain\s+select|describe|desc|pragma\s+(?:table_info|index_list)\b)/i.test(statement)
  )
    return "script";
  // behind a question a backslash begins a command of the client (`select 1 \\g |sh`)
  if (/\\|\binto\b|\bfor\s+update\b|[\\=]\s*\(|^\.|:=/i.test(statement)) return "script";
  const calls = [...statement.matchAll(/([\w$]+)\s*\(/g)].map((m) => m[1] ?? "");
  return calls.every((name) => HARMLESS_CALL.test(name)) ? undefined : "script";
}

/** What cannot be undone: `destroys-data`, `migration` or `iam`. */
export function sqlIrreversible(sql: string): string | undefined {
  // a question may hold any word in its strings
  if (sqlHarm(sql) === undefined) return undefined;
  // MySQL and MariaDB carry out what stands in `/*! ... */`
  const text = sql.replace(/\/\*(?!M?!).*?\*\/|--[^\n]*/gs, " ");
  if (
    /\b(?:drop|truncate)\b|\bdelete\s+from\b(?![\s\S]*\bwhere\b)|\bupdate\b[\s\S]*\bset\b(?![\s\S]*\bwhere\b)|\bflushall\b|(?:^|;)\s*deleteall\b|\bflushdb\b|\.drop(?:Database)?\s*\(|\b(?:deleteMany|remove)\s*\(\s*\{\s*\}|(?:^|;)\s*match\b(?:(?!\bwhere\b)[^;])*\b(?:detach\s+)?delete\b|(?:^|;)\s*delete\s+(?!from\b)[\w."`[\]]+\s*(?:;|$)/i.test(
      text,
    )
  )
    return "destroys-data";
  if (/\b(?:grant|revoke)\b|\b(?:create|alter)\s+(?:user|role)\b/i.test(text)) return "iam";
  return /\balter\s+(?:table|database|schema|type|system)\b|\brename\s+(?:table|column)\b/i.test(text)
    ? "migration"
    : undefined;
}

/** Shell text that a client's own command runs: psql's and mysql's `\\!`, mysql's `system`, sqlite3's `.shell`. For deny rules only. */
export function sqlCommands(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|[;\n])\s*(?:\\!|\.(?:shell|system)\s|system\s)\s*([^\n]+)/g)].map((m) => m[1] ?? "");
}
