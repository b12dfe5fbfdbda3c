export { forTerminal, forTerminalLines } from "./show.ts";
