// Looks for values in extended attributes: Node cannot read them, so the helper lists them (native/attribute_list.c).
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { FormSearch, type SoughtForm } from "./forms.ts";

/** Where values were found. */
export interface AttributesSearched {
  readonly attributes: number;
  readonly found: readonly { readonly path: string; readonly name: string }[];
  /** Folders that could not be looked through to the end. */
  readonly unread: readonly string[];
}

/** Searches below each folder. */
export async function searchAttributes(
  folders: readonly string[],
  forms: readonly SoughtForm[],
  helper: string,
): Promise<AttributesSearched> {
  const found: AttributesSearched["found"][number][] = [];
  const unread: string[] = [];
  let attributes = 0;
  for (const folder of folders) {
    const child = spawn(helper, ["attributes", folder], { env: {}, stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise<number | null>((done) => child.once("error", () => done(1)).once("close", done));
    const said = text(child.stderr).catch(() => "");
    const list = new AttributeList((path, bytes) => {
      attributes += 1;
      for (const name of new FormSearch(forms).take(bytes)) found.push({ path: join(folder, path), name });
    });
    for await (const piece of child.stdout) list.take(piece as Buffer);
    await said;
    if ((await ended) !== 0 || !list.isWhole()) unread.push(folder);
  }
  return { attributes, found, unread };
}

/** `path NUL name NUL size NUL value`, again and again, as its bytes come. */
class AttributeList {
  private readonly tell: (path: string, bytes: Buffer) => void;
  private held: Buffer = Buffer.alloc(0);

  constructor(tell: (path: string, bytes: Buffer) => void) {
    this.tell = tell;
  }

  take(piece: Buffer): void {
    this.held = Buffer.concat([this.held, piece]);
    for (let next = this.next(); next !== undefined; next = this.next()) {
      // the name is the setup's to choose, too
      this.tell(next.path, Buffer.concat([Buffer.from(next.name, "latin1"), Buffer.of(0), next.value]));
      this.held = this.held.subarray(next.length);
    }
  }

  isWhole(): boolean {
    return this.held.length === 0;
  }

  private next():
    | { readonly path: string; readonly name: string; readonly value: Buffer; readonly length: number }
    | undefined {
    const ends: number[] = [];
    for (let at = -1; ends.length < 3; ) {
      at = this.held.indexOf(0, at + 1);
      if (at < 0) return undefined;
      ends.push(at);
    }
    const [path = 0, name = 0, size = 0] = ends;
    const length = size + 1 + Number(this.held.toString("latin1", name + 1, size));
    if (this.held.length < length) return undefined;
    return {
      path: this.held.toString("utf8", 0, path),
      name: this.held.toString("latin1", path + 1, name),
      value: this.held.subarray(size + 1, length),
      length,
    };
  }
}
