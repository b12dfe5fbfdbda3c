// Published ports: a server inside the fence, reachable on the host's loopback (policy `sandbox.ports`).
// Node cannot pass descriptors, so the bridge inside keeps a few spare connections open to a Unix socket here; a client of the host is
// joined to one of them after two bytes that name the port. The bridge dials no port that is not in the plan.
import net from "node:net";
import { err, ok, type Problem, type Result } from "#core";

/** What to publish and where the bridge finds us. */
export interface PublishOptions {
  /** Ports inside; each appears as 127.0.0.1:port outside, under the same number. */
  readonly ports: readonly number[];
  /** Unix socket for the bridge's spare connections, in a folder that only the caller may enter and no fence mounts. */
  readonly socketPath: string;
}

/** Ports that are open on the host until `close`. */
export interface PublishedPorts {
  /** Ends every connection and frees the ports. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A client waits this long for the bridge; longer means that the fence is ending. */
const SPARE_WAIT_MS = 5_000;
/** Clients beyond this many waiting are turned away, so that a flood cannot fill the supervisor. */
const MOST_WAITING = 512;

/** Listens for the bridge and on each port. A port that is taken is one Problem, and then nothing stays open. */
export async function publishPorts(options: PublishOptions): Promise<Result<PublishedPorts, Problem>> {
  const sockets = new Set<net.Socket>();
  const lobby = openLobby(sockets);
  const servers: net.Server[] = [];
  const close = async (): Promise<void> => {
    lobby.close();
    const closed = servers.splice(0).map((server) => new Promise<void>((done) => server.close(() => done())));
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  const serve = async (
    where: net.ListenOptions,
    take: (socket: net.Socket) => void,
  ): Promise<NodeJS.ErrnoException | undefined> => {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      take(socket);
    });
    const failure = await listen(server, where);
    if (!failure) servers.push(server);
    return failure;
  };
  const failed = await serve({ path: options.socketPath }, lobby.spare);
  if (failed) return err(socketProblem(failed));
  for (const port of new Set(options.ports)) {
    const taken = await serve({ host: "127.0.0.1", port }, (client) => lobby.client(client, port));
    if (taken) {
      await close();
      return err(portProblem(port, taken));
    }
  }
  return ok({ close, [Symbol.asyncDispose]: close });
}

interface Lobby {
  spare(socket: net.Socket): void;
  client(socket: net.Socket, port: number): void;
  close(): void;
}

/** Where clients of the host meet the bridge's spare connections. */
function openLobby(sockets: ReadonlySet<net.Socket>): Lobby {
  const spares: net.Socket[] = [];
  const waiting: { client: net.Socket; port: number; timer: NodeJS.Timeout }[] = [];
  const match = (): void => {
    while (waiting.length > 0) {
      const spare = spares.shift();
      if (!spare) return;
      if (!sockets.has(spare)) continue;
      const next = waiting.shift();
      if (!next) return void spares.unshift(spare);
      clearTimeout(next.timer);
      if (sockets.has(next.client)) join(next.client, spare, next.port);
      else spares.unshift(spare);
    }
  };
  return {
    spare: (socket) => {
      socket.on("error", () => socket.destroy());
      spares.push(socket);
      match();
    },
    client: (client, port) => {
      client.on("error", () => client.destroy());
      if (waiting.length >= MOST_WAITING) return void client.destroy();
      waiting.push({ client, port, timer: setTimeout(() => client.destroy(), SPARE_WAIT_MS) });
      match();
    },
    close: () => {
      for (const { timer } of waiting.splice(0)) clearTimeout(timer);
      spares.length = 0;
    },
  };
}

/** Names the port to the bridge, then lets both directions run, each to its own end. */
function join(client: net.Socket, spare: net.Socket, port: number): void {
  const name = Buffer.alloc(2);
  name.writeUInt16BE(port);
  spare.write(name);
  client.pipe(spare);
  spare.pipe(client);
  // A half that dies without an end would leave the other waiting for ever.
  client.once("close", (broken) => (broken || !client.readableEnded ? spare.destroy() : undefined));
  spare.once("close", (broken) => (broken || !spare.readableEnded ? client.destroy() : undefined));
}

function listen(server: net.Server, where: net.ListenOptions): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((done) => {
    server.once("error", done);
    server.listen(where, () => {
      server.off("error", done);
      // A failing accept (no descriptors left) is that client's loss, never the session's end.
      server.on("error", () => undefined);
      done(undefined);
    });
  });
}

function portProblem(port: number, cause: NodeJS.ErrnoException): Problem {
  const taken = cause.code === "EADDRINUSE";
  return {
    code: taken ? "port-taken" : "port-unavailable",
    message: taken
      ? `port ${port} of this machine is in use by another program`
      : `port ${port} of this machine cannot be opened (${cause.code ?? cause.message})`,
    hint: taken ? `end that program, or publish another port: --port N` : "publish a port of 1024 or above: --port N",
  };
}

function socketProblem(cause: NodeJS.ErrnoException): Problem {
  return {
    code: "port-socket",
    message: `the socket for published ports cannot be opened (${cause.code ?? cause.message})`,
  };
}
