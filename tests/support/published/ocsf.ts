// The rules of OCSF's own validator over a compact table of the schema: known classes and attributes only, required ones there, types,
// enumerations, captions beside their numbers, constraints, and no attribute of a profile that the event does not claim.
import table from "./ocsf-1.9.json" with { type: "json" };

interface Shape {
  readonly attributes: readonly string[];
  readonly enums?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly constraints?: { readonly at_least_one?: readonly string[] };
}

type ClassShape = Shape & { readonly category: number; readonly caption: string; readonly profiles: readonly string[] };

const CLASSES = table.classes as unknown as Readonly<Record<string, ClassShape>>;
const OBJECTS = table.objects as unknown as Readonly<Record<string, Shape>>;

interface Attribute {
  readonly type: string;
  readonly list: boolean;
  readonly required: boolean;
  readonly profile: string | undefined;
}

function attributesOf(shape: Shape): ReadonlyMap<string, Attribute> {
  return new Map(
    shape.attributes.map((text) => {
      const [name = "", spelled = "", profile] = text.split(" ");
      const type = spelled.replace(/!$/, "").replace(/\[\]$/, "");
      return [
        name,
        { type, list: spelled.includes("[]"), required: spelled.endsWith("!"), profile: profile?.slice(1) },
      ];
    }),
  );
}

/** What is wrong with an event; empty when nothing is. */
export function ocsfFaults(event: Record<string, unknown>): readonly string[] {
  const shape = CLASSES[String(event["class_uid"])];
  if (shape === undefined) return [`class_uid ${String(event["class_uid"])} is not in the table`];
  const profiles = (event["metadata"] as { profiles?: readonly string[] } | undefined)?.profiles ?? [];
  const faults: string[] = [];
  for (const profile of profiles)
    if (!shape.profiles.includes(profile)) faults.push(`profile ${profile} is not one of ${shape.caption}`);
  if (event["category_uid"] !== shape.category) faults.push("category_uid is another class's");
  if (event["class_name"] !== shape.caption) faults.push(`class_name is not ${shape.caption}`);
  if (event["type_uid"] !== Number(event["class_uid"]) * 100 + Number(event["activity_id"]))
    faults.push("type_uid is not class_uid * 100 + activity_id");
  return [...faults, ...shapeFaults(event, shape, { path: "", profiles })];
}

interface Where {
  readonly path: string;
  readonly profiles: readonly string[];
}

function shapeFaults(value: Record<string, unknown>, shape: Shape, where: Where): string[] {
  const faults: string[] = [];
  const known = attributesOf(shape);
  for (const [name, { required, profile }] of known)
    if (required && (profile === undefined || where.profiles.includes(profile)) && value[name] === undefined)
      faults.push(`${where.path}${name} is required`);
  const some = shape.constraints?.at_least_one;
  if (some?.every((name) => value[name] === undefined)) faults.push(`${where.path}: none of ${some.join(", ")}`);
  for (const [name, each] of Object.entries(value)) {
    const path = `${where.path}${name}`;
    const attribute = known.get(name);
    if (attribute === undefined) faults.push(`${path} is unknown`);
    else if (attribute.profile !== undefined && !where.profiles.includes(attribute.profile))
      faults.push(`${path} needs the profile ${attribute.profile}`);
    else if (attribute.list !== Array.isArray(each)) faults.push(`${path} is ${attribute.list ? "no list" : "a list"}`);
    else
      for (const item of attribute.list ? (each as unknown[]) : [each])
        faults.push(...typeFaults(item, attribute.type, { ...where, path }));
    faults.push(...enumFaults(value, name, { shape, path }));
  }
  return faults;
}

/** A number must be one of its enumeration, and the caption beside it the number's. */
function enumFaults(
  value: Record<string, unknown>,
  name: string,
  { shape, path }: { readonly shape: Shape; readonly path: string },
): string[] {
  const captions = shape.enums?.[name];
  if (captions === undefined) return [];
  const caption = captions[String(value[name])];
  if (caption === undefined) return [`${path} has no value ${String(value[name])}`];
  const sibling = value[name === "activity_id" ? "activity_name" : name.replace(/_id$/, "")];
  if (value[name] === 99) return sibling === undefined ? [`${path} is Other without saying what`] : [];
  return sibling === undefined || sibling === caption ? [] : [`${path} is ${caption}, not ${String(sibling)}`];
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

function typeFaults(value: unknown, type: string, where: Where): string[] {
  if (type.startsWith("@")) {
    const shape = OBJECTS[type.slice(1)];
    if (shape === undefined) return [`${where.path}: ${type} is not in the table`];
    if (typeof value !== "object" || value === null) return [`${where.path} is no object`];
    return shapeFaults(value as Record<string, unknown>, shape, { ...where, path: `${where.path}.` });
  }
  return isOfType(value, type) ? [] : [`${where.path} is no ${type}: ${JSON.stringify(value)}`];
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "integer_t":
    case "long_t":
    case "timestamp_t":
      return Number.isSafeInteger(value);
    case "port_t":
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
    case "boolean_t":
      return typeof value === "boolean";
    case "json_t":
      return value !== undefined;
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "ip_t":
      return typeof value === "string" && (IPV4.test(value) || value.includes(":"));
    default:
      return /_t$/.test(type) && typeof value === "string";
  }
}
