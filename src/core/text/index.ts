export { beyondAscii, exactText, framedLines, markedLines, wrappedWords } from "./exact.ts";
export { forTerminal, forTerminalJson, forTerminalLines } from "./show.ts";
