// What the audit room's door shows of the export.
export { type Destination, destinationName, parseDestination } from "./destination.ts";
export { type Exporting, exportLog } from "./export.ts";
