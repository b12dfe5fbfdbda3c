// Lexical paths: joining and normalising without a disk. Links are the caller's affair (DESIGN 7 rule 7).

/** `path` from `base`, with `.` and `..` taken out. Absolute in, absolute out. */
export function joinPath(base: string, path: string): string {
  const parts = path.startsWith("/") ? [] : base.split("/").filter(Boolean);
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** True when `path` is `folder` or below it. Both absolute and normal. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}
