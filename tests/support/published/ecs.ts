// A document against ECS 9.3's fields: every field known and of its type, the required ones there, category and type words of the schema,
// and a type that its category expects. Fields below `ringfence` are ours.
import table from "./ecs-9.3.json" with { type: "json" };

const TYPES: ReadonlyMap<string, string> = new Map(
  table.fields.map((field) => {
    const [name = "", type = ""] = field.split(" ");
    return [name, type];
  }),
);

const CATEGORIES = table.categories as Readonly<Record<string, readonly string[]>>;

/** What is wrong with a document; empty when nothing is. */
export function ecsFaults(document: Record<string, unknown>): readonly string[] {
  const fields = new Map(flat(document, ""));
  const faults = ["@timestamp", "ecs.version", "event.kind", "event.category", "event.type"]
    .filter((name) => !fields.has(name))
    .map((name) => `${name} is required`);
  for (const [name, value] of fields) {
    if (name.startsWith("ringfence.")) continue;
    const type = TYPES.get(name);
    if (type === undefined) faults.push(`${name} is no field`);
    else if (!fits(value, type)) faults.push(`${name} is no ${type}: ${JSON.stringify(value)}`);
  }
  const [category] = (fields.get("event.category") ?? []) as string[];
  const [type] = (fields.get("event.type") ?? []) as string[];
  if (!CATEGORIES[category ?? ""]?.includes(type ?? "")) faults.push(`${category} expects no ${type}`);
  if (!table.kinds.includes(String(fields.get("event.kind")))) faults.push("event.kind");
  if (!table.outcomes.includes(String(fields.get("event.outcome")))) faults.push("event.outcome");
  return faults;
}

function flat(value: Record<string, unknown>, prefix: string): [string, unknown][] {
  return Object.entries(value).flatMap(([name, member]): [string, unknown][] =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? flat(member as Record<string, unknown>, `${prefix}${name}.`)
      : [[`${prefix}${name}`, member]],
  );
}

function fits(value: unknown, type: string): boolean {
  if (type.endsWith("[]")) return Array.isArray(value) && value.every((item) => fits(item, type.slice(0, -2)));
  switch (type) {
    case "long":
    case "integer":
      return Number.isSafeInteger(value);
    case "float":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "date":
      return typeof value === "string" && !Number.isNaN(Date.parse(value));
    case "ip":
      return typeof value === "string" && /^(?:[0-9.]+|[0-9a-f:.]+)$/.test(value);
    default:
      return typeof value === "string";
  }
}
