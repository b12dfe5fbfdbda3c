export { beyondAscii, exactText, framedLines, wrappedWords } from "./exact.ts";
export { forTerminal, forTerminalJson, forTerminalLines } from "./show.ts";
