// Where this host keeps whom it trusts, by its real paths: the files that programs read without being told.
import { readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isBelow } from "../tools/user-file.ts";
import { SYSTEM_BUNDLES } from "./roots.ts";

/** Files that are there, links followed, each once. */
export interface TrustPlaces {
  /** PEM. */
  readonly bundles: readonly string[];
  /** A JVM's `cacerts`. */
  readonly javaStores: readonly string[];
}

const JAVA_SYSTEM = [
  "/etc/ssl/certs/java/cacerts",
  "/etc/pki/java/cacerts",
  "/etc/pki/ca-trust/extracted/java/cacerts",
];
/** Folders with one JVM each. */
const JAVA_FOLDERS = ["/usr/lib/jvm", "/usr/java", "/opt/java"];
const JAVA_FOLDERS_HOME = [
  ".sdkman/candidates/java",
  ".jabba/jdk",
  ".asdf/installs/java",
  ".local/share/mise/installs/java",
];

/** Whose programs they are. */
export interface TrustCaller {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Looks. A JVM in what sessions write is the agent's, and trusts whom it likes. */
export function trustPlaces(caller: TrustCaller, written: readonly string[]): TrustPlaces {
  const path = (caller.env["PATH"] ?? "").split(":").filter((entry) => entry.startsWith("/"));
  const homes = [
    ...[...JAVA_FOLDERS, ...JAVA_FOLDERS_HOME.map((name) => join(caller.home, name))].flatMap(foldersIn),
    ...path.flatMap((entry) => realFile(join(entry, "java")) ?? []).map((java) => dirname(dirname(java))),
    ...(caller.env["JAVA_HOME"] === undefined ? [] : [caller.env["JAVA_HOME"]]),
  ];
  const stores = homes.flatMap((home) => [join(home, "lib/security/cacerts"), join(home, "jre/lib/security/cacerts")]);
  const javaStores = present([...JAVA_SYSTEM, ...stores]).filter((file) => !isBelow(file, written));
  return { bundles: present(SYSTEM_BUNDLES), javaStores };
}

function present(files: readonly string[]): readonly string[] {
  return [...new Set(files.flatMap((file) => realFile(file) ?? []))];
}

function realFile(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined; // not on this host
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return []; // not on this host
  }
}
