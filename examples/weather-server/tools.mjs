// What the server says of itself, and the check of what it is sent. A model reads every word of this on each decision, so there is nothing in it
// but what the tools do: no orders, no other tool's name, nothing to remember. Every text and number has its bounds, and unknown keys are refused.

const city = {
  type: "string",
  description: "Name of a city, for example Berlin",
  minLength: 1,
  maxLength: 80,
  pattern: "^[\\p{L}\\p{M} .'-]+$",
};
const temperature = { type: "number", minimum: -100, maximum: 100, description: "Degrees Celsius" };
const sky = { type: "string", enum: ["clear", "clouds", "rain", "snow", "fog", "storm", "unknown"] };
const annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true };

/** The tools, as they are listed. */
export const TOOLS = [
  {
    name: "get_forecast",
    title: "Weather forecast",
    description: "Returns the weather forecast of a city for the next days. Reads only.",
    inputSchema: {
      type: "object",
      properties: { city, days: { type: "integer", minimum: 1, maximum: 7, description: "How many days; 3 if not given" } },
      required: ["city"],
      additionalProperties: false,
    },
    outputSchema: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: {
          type: "array",
          items: {
            type: "object",
            properties: { date: { type: "string" }, low: temperature, high: temperature, sky },
            required: ["date", "low", "high", "sky"],
            additionalProperties: false,
          },
        },
      },
      required: ["city", "days"],
      additionalProperties: false,
    },
    annotations,
  },
  {
    name: "get_current_weather",
    title: "Current weather",
    description: "Returns the current weather of a city. Reads only.",
    inputSchema: { type: "object", properties: { city }, required: ["city"], additionalProperties: false },
    outputSchema: {
      type: "object",
      properties: { city: { type: "string" }, temperature, sky },
      required: ["city", "temperature", "sky"],
      additionalProperties: false,
    },
    annotations,
  },
];

/** What is wrong with the arguments of a call, as the model reads it, or undefined. Covers the schemas above and no others. */
export function wrongArgument({ inputSchema }, given) {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return "the arguments are no object";
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(inputSchema.properties, name));
  if (unknown !== undefined) return `there is no argument ${JSON.stringify(unknown.slice(0, 40))}`;
  const missing = inputSchema.required.find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined) return `${missing} is missing`;
  const wrong = Object.entries(given).find(([name, value]) => !fits(inputSchema.properties[name], value));
  return wrong === undefined ? undefined : `${wrong[0]} is not what it has to be`;
}

function fits({ type, minLength, maxLength, pattern, minimum, maximum }, value) {
  if (type === "integer") return Number.isInteger(value) && value >= minimum && value <= maximum;
  const length = typeof value === "string" ? [...value].length : -1;
  return length >= minLength && length <= maxLength && new RegExp(pattern, "u").test(value);
}
