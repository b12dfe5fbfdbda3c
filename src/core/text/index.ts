export { beyondAscii, exactText, framedLines, wrappedWords } from "./exact.ts";
export { forTerminal, forTerminalLines } from "./show.ts";
