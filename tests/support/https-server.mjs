// A real HTTPS server in a process of its own (tests wait for their programs synchronously): `node https-server.mjs FOLDER`, where FOLDER holds
// `certs.json` ({name: {key, cert}}) and `files/`. It prints its port, appends each request to `requests.jsonl`, and echoes where it has no file.
import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import https from "node:https";
import { join, normalize } from "node:path";
import tls from "node:tls";

const [folder = "."] = process.argv.slice(2);
const certs = JSON.parse(readFileSync(join(folder, "certs.json"), "utf8"));
const [first = { key: "", cert: "" }] = Object.values(certs);

const server = https.createServer(
  {
    ...first,
    SNICallback: (name, done) => done(null, tls.createSecureContext(certs[name] ?? first)),
  },
  (request, response) => {
    const { method, url = "/", headers } = request;
    let bytes = 0;
    request.on("data", (piece) => {
      bytes += piece.length;
    });
    request.on("end", () => {
      const told = { method, url, host: headers.host, agent: headers["user-agent"], bytes };
      appendFileSync(join(folder, "requests.jsonl"), `${JSON.stringify(told)}\n`);
      const path = normalize(new URL(url, "https://x").pathname);
      const file = [join(folder, "files", path), join(folder, "files", path, "index.html")].find(
        (name) => existsSync(name) && statSync(name).isFile(),
      );
      if (path.endsWith("/smart.git/info/refs"))
        // What git says before it asks by POST (protocol version 2).
        return response
          .writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" })
          .end(
            "001e# service=git-upload-pack\n0000000eversion 2\n0015agent=git/2.39.5\n0013ls-refs=unborn\n0012fetch=shallow\n0000",
          );
      if (file !== undefined && method !== "POST") {
        const text = readFileSync(file);
        const type = file.endsWith(".json")
          ? "application/json"
          : file.endsWith(".html")
            ? "text/html"
            : "application/octet-stream";
        // Addresses in what it serves lead back to where they were asked for.
        const content =
          type === "application/octet-stream" ? text : Buffer.from(String(text).replaceAll("HOST", headers.host ?? ""));
        return response.writeHead(200, { "content-type": type }).end(method === "HEAD" ? undefined : content);
      }
      response.writeHead(200, { "content-type": "text/plain" }).end(`served ${method} ${path} ${bytes}\n`);
    });
  },
);
server.on("tlsClientError", () => undefined);
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
