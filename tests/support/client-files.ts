// A file of each MCP client as somebody wrote it: other spaces, comments, line ends and forms of entry in each.

/** It stands in their variables and headers, and must get nowhere else. */
export const SECRET = "s3cr3t-of-the-person";

/** A file of each client, in the spelling of somebody: where it stands, and a server in it by name. */
export const CLIENT_FILES: readonly (readonly [
  client: string,
  scope: "home" | "project",
  path: string,
  text: string,
])[] = [
  [
    "claude-code",
    "project",
    ".mcp.json",
    `\ufeff{\r\n\t"mcpServers": {\r\n\t\t"a b": {"command": "npx", "args": [ "-y",\r\n\t\t\t"pkg" ], "env": {"K": "${SECRET}"}}, "alone": { "command": "./run" },\r\n\t\t"h": { "type": "http", "url": "https://x.example/mcp", "headers": { "Authorization": "Bearer ${SECRET}" } }\r\n\t}\r\n}`,
  ],
  [
    "claude-code",
    "home",
    ".claude.json",
    `{"numStartups":3,"mcpServers":{"u":{"type":"stdio","command":"x","args":[],"env":{"K":"${SECRET}"}}},"projects":{"/p":{"mcpServers":{"u":{"command":"y"}}},"/q":{}}}\n`,
  ],
  [
    "codex",
    "home",
    ".codex/config.toml",
    `model = "m" # mine\n\n[mcp_servers.one]\n  command = 'npx' # why\n  args = [ # list\n    "-y", # [\n    "pkg",\n  ]\nenv_vars = ["TOKEN"]\n[mcp_servers."two x".env]\nK = "${SECRET}"\n[mcp_servers."two x"]\ncommand = "x"\n[mcp_servers.h]\nurl = "https://x.example/mcp"\nbearer_token_env_var = "TOKEN"\nhttp_headers = { "X-Key" = "${SECRET}" }`,
  ],
  [
    "cursor",
    "project",
    ".cursor/mcp.json",
    `{ "mcpServers": { "c": { "url": "https://x.example/mcp", "headers": { "K": "${SECRET}" } } } }`,
  ],
  [
    "vscode",
    "project",
    ".vscode/mcp.json",
    `// ours\n{\n  "inputs": [{ "id": "key", "type": "promptString", "password": true, }],\n  "servers": {\n    "v": { "type": "stdio", "command": "npx", "args": ["-y", "pkg",], "env": { "K": "\${input:key}" }, /* { */ },\n  },\n}\n`,
  ],
  [
    "copilot",
    "home",
    ".copilot/mcp-config.json",
    `{"mcpServers":{"l":{"type":"local","command":"npx","args":["x"],"tools":["*"],"env":{"K":"${SECRET}"}}}}`,
  ],
  [
    "gemini",
    "home",
    ".gemini/settings.json",
    `{\n  // gemini\n  "mcpServers": { "g": { "httpUrl": "https://x.example/mcp", "headers": { "K": "$TOKEN" }, "trust": true } }\n}\n`,
  ],
  [
    "claude-desktop",
    "home",
    ".config/Claude/claude_desktop_config.json",
    `{"mcpServers":{"d":{"command":"/usr/bin/node","args":["s.mjs"]}}}`,
  ],
  [
    "opencode",
    "project",
    "opencode.jsonc",
    `{\n\t"mcp": {\n\t\t"o": { "type": "local", "command": ["npx", "-y"], "environment": { "K": "{env:TOKEN}" } },\n\t\t"r": { "type": "remote", "url": "https://x.example/mcp", "headers": { "K": "${SECRET}" } }\n\t}\n}\n`,
  ],
  [
    "windsurf",
    "home",
    ".codeium/windsurf/mcp_config.json",
    `{"mcpServers":{"w":{"serverUrl":"https://x.example/mcp","headers":{"K":"${SECRET}"}}}}`,
  ],
  [
    "kiro",
    "project",
    ".kiro/settings/mcp.json",
    `{\n  "mcpServers": {\n    "k": { "command": "uvx", "args": ["pkg@latest"], "env": { "K": "\${TOKEN}" }, "disabled": false, "autoApprove": ["read"], "disabledTools": [] },\n    "r": { "url": "https://x.example/mcp", "headers": { "Authorization": "Bearer \${TOKEN}" } }\n  }\n}\n`,
  ],
  [
    "kiro",
    "home",
    ".kiro/agents/mine.json",
    `{"name":"mine","tools":["@x"],"mcpServers":{"x":{"command":"x","args":[],"timeout":9}},"includeMcpJson":true}`,
  ],
  [
    "amazonq",
    "home",
    ".aws/amazonq/mcp.json",
    `{"mcpServers":{"a":{"command":"uvx","args":["p"],"env":{"K":"${SECRET}"},"timeout":60000}}}`,
  ],
  [
    "antigravity",
    "home",
    ".gemini/antigravity/mcp_config.json",
    `{"mcpServers":{"a":{"serverUrl":"https://x.example/mcp","headers":{"K":"${SECRET}"}},"b":{"type":"stdio","command":"npx","args":["b"]}}}`,
  ],
  [
    "qwen",
    "project",
    ".qwen/settings.json",
    `{\n  // mine\n  "mcpServers": { "q": { "httpUrl": "https://x.example/mcp", "headers": { "K": "$TOKEN" }, "discoveryTimeoutMs": 9, }, },\n}`,
  ],
  [
    "zed",
    "home",
    ".config/zed/settings.json",
    `// Zed\n{\n  "theme": "One Dark", // dark\n  "context_servers": {\n    "z": {\n      "source": "custom",\n      "command": "npx",\n      "args": ["-y", "pkg"],\n      "env": {},\n    },\n    "r": { "url": "https://x.example/mcp", "headers": { "Authorization": "Bearer ${SECRET}" } },\n  },\n}\n`,
  ],
  [
    "cline",
    "home",
    ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    `{"mcpServers":{"c":{"command":"node","args":["s.js"],"env":{"K":"${SECRET}"},"alwaysAllow":["t"],"disabled":false},"r":{"type":"streamableHttp","url":"https://x.example/mcp","headers":{"K":"${SECRET}"}}}}`,
  ],
  [
    "roo",
    "project",
    ".roo/mcp.json",
    `{"mcpServers":{\r\n "r":{"type":"streamable-http","url":"https://x.example/mcp","headers":{"K":"${SECRET}"},"alwaysAllow":["t"]},\r\n "s":{"command":"cmd","cwd":"/x"}\r\n}}`,
  ],
  ["junie", "project", ".junie/mcp/mcp.json", `{"mcpServers":{"j":{"command":"npx","args":["-y","p"],"env":{}}}}`],
  [
    "warp",
    "project",
    ".warp/.mcp.json",
    `{"mcpServers":{"w":{"command":"npx","args":["-y","p"],"env":{"K":"\${TOKEN}"},"working_directory":"/x"}}}`,
  ],
  [
    "crush",
    "project",
    "crush.json",
    `{"$schema":"https://charm.land/crush.json","mcp":{"c":{"type":"stdio","command":"node","args":["s.js"],"env":{"K":"$(cat key)"}},"r":{"type":"http","url":"https://x.example/mcp","headers":{"K":"$TOKEN"}}}}`,
  ],
  [
    "lmstudio",
    "home",
    ".lmstudio/mcp.json",
    `{\n  "mcpServers": {\n    "l": {\n      "url": "https://x.example/mcp",\n      "headers": {\n        "Authorization": "Bearer ${SECRET}"\n      }\n    }\n  }\n}`,
  ],
];
