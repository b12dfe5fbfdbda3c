// Where Maven fetches from: the mirrors and repositories of settings.xml (user, machine), and Maven Central unless a mirror stands for it.
import { join } from "node:path";
import shipped from "./shipped.json" with { type: "json" };
import { type ToolConfigPlaces, type ToolSource, toolHost, unique, userFile, withoutUser } from "./user-file.ts";

interface Mirror {
  readonly id: string;
  readonly of: string;
  readonly url: string;
}

/** Reads it. Only what was read literally counts: an entity or a property is no address. */
export function readMaven(places: ToolConfigPlaces): ToolSource {
  const files = [
    join(places.home, ".m2/settings.xml"),
    "/usr/share/maven/conf/settings.xml",
    "/etc/maven/settings.xml",
  ];
  const texts = files.map((file) => (userFile(file, places.written) ?? "").replace(/<!--[\s\S]*?-->/g, ""));
  const mirrors = texts.flatMap(mirrorsOf);
  const repositories = texts.flatMap((text) =>
    blocks(text, "(?:repository|pluginRepository)").flatMap((block) => word(block, "url")),
  );
  const isMirrored = mirrors.some(({ of }) =>
    of.split(",").some((one) => /^(?:\*|central|external:\*)$/.test(one.trim())),
  );
  const urls = [...mirrors.map(({ url }) => url), ...repositories, ...(isMirrored ? [] : shipped.maven)];
  const kept = mirrors.flatMap((mirror) => {
    const url = withoutUser(mirror.url);
    return url === undefined ? [] : [{ ...mirror, url }];
  });
  return {
    hosts: unique(urls.flatMap(toolHost)),
    ...(kept.length === 0
      ? {}
      : { files: [{ target: join(places.home, ".m2/settings.xml"), content: settingsText(kept) }] }),
  };
}

function mirrorsOf(text: string): readonly Mirror[] {
  return blocks(text, "mirror").flatMap((block) => {
    const [[url], [id = "mirror"], [of = "*"]] = [word(block, "url"), word(block, "id"), word(block, "mirrorOf")];
    return url === undefined ? [] : [{ id, of, url }];
  });
}

function blocks(text: string, tag: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))].map(([, inner = ""]) => inner);
}

/** The text of one element; nothing where it needs an XML reader. */
function word(block: string, tag: string): readonly string[] {
  const text = new RegExp(`<${tag}>\\s*([^<>&\\s]+)\\s*</${tag}>`).exec(block)?.[1];
  return text === undefined || text.includes("${") ? [] : [text];
}

function settingsText(mirrors: readonly Mirror[]): string {
  const lines = mirrors.map(
    ({ id, of, url }) =>
      `    <mirror><id>${id}</id><mirrorOf>${of}</mirrorOf><url>${url.replaceAll("&", "&amp;")}</url></mirror>`,
  );
  return `<settings>\n  <mirrors>\n${lines.join("\n")}\n  </mirrors>\n</settings>\n`;
}
