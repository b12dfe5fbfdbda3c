// `mcp WORD...` inside a fence: what a client's wrapped entry starts there. The server itself is started by the supervisor, which also judges what passes;
// this end only carries bytes. Wire (src/monitor/mcp/inside-wire.ts): one line of JSON with the words, the working directory and the variables that
// `--env` names; then the standard input as it is; back come frames of one byte (1, 2: the stream; x: the exit code, and the last), four bytes of length,
// most significant first, and that many bytes. Holds no policy and no secret.
#ifndef RINGFENCE_MCP_H
#define RINGFENCE_MCP_H

// WORDS begin behind `mcp`. Returns the server's exit code, 125 when the supervisor cannot be reached or breaks off.
int run_mcp(char **words);

#endif
