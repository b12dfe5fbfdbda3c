// An address that a person is sent to: what it hides and whom it plays.
import { tokenFor } from "../../leak/index.ts";
import { isAddress } from "../../net/index.ts";
import { INVISIBLE, skeleton } from "./fold.ts";
import table from "./wanted.json" with { type: "json" };

/** What is wrong with an address. */
export interface LinkFault {
  readonly why:
    | "scheme"
    | "not-https"
    | "userinfo"
    | "address-host"
    | "international-host"
    | "lookalike-host"
    | "shortened"
    | "unreadable"
    | "hidden-letters"
    | "onward"
    | "secret-in-url";
  readonly weight: number;
  readonly isHard: boolean;
}

const LURE = new RegExp(table.lure, "i");
/** Where a sign-in page goes on to; `redirect_uri` is how OAuth comes back. */
const ONWARD =
  /^(?:continue|next|dest(?:ination)?|goto|go|url|u|target|return(?:_?to|_?url)?|redirect(?:_?to|_?url)?|rurl|followup|forward)$/i;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The faults of an address as it is written. */
export function linkFaults(text: string): readonly LinkFault[] {
  const fault = (why: LinkFault["why"], weight: number, isHard: boolean): LinkFault => ({ why, weight, isHard });
  if (!URL.canParse(text)) return [fault("unreadable", 1, true)];
  const url = new URL(text);
  // parsers drop some of them, and dialogs draw none
  if (text.search(INVISIBLE) >= 0 || /[\x00-\x20\x7f-\x9f\u2028\u2029]/.test(text.trim()))
    return [fault("hidden-letters", 1, true)];
  if (url.protocol !== "https:" && url.protocol !== "http:") return [fault("scheme", 1, true)];
  const faults: LinkFault[] = [];
  // `2130706433`, `0x7f.1`: every parser makes another address of it, and nobody reads one
  const written = /^[a-z]+:[/\\]*(?:[^/?#@]*@)?([^/?#:]*)/i.exec(text)?.[1] ?? "";
  if (isAddress(url.hostname) && !isAddress(written)) faults.push(fault("address-host", 1, true));
  const isLocal = LOOPBACK.test(url.hostname);
  if (url.protocol === "http:") faults.push(fault("not-https", isLocal ? 0.5 : 1, !isLocal));
  if (url.username !== "" || url.password !== "") faults.push(fault("userinfo", 1, true));
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isAddress(host) && !isLocal) faults.push(fault("address-host", 1, true));
  // A parser makes `xn--` of it: what a person would see is something else
  if (/(?:^|\.)xn--/.test(host)) faults.push(fault("international-host", 1, true));
  else if (/[^\x20-\x7e]|\\|%[0-9a-f]{2}/i.test(/^[a-z]+:[/\\]*([^/?#]*)/i.exec(text)?.[1] ?? ""))
    faults.push(fault("international-host", 1, true));
  if (isLookalike(host)) faults.push(fault("lookalike-host", 1, true));
  if (table.short.includes(host)) faults.push(fault("shortened", 1, false));
  if (
    /[?&#](?:password|passwd|secret|api_?key|access_token|private_key|ssh_?key|env)=[^&]{4,}/i.test(
      url.search + url.hash,
    )
  )
    faults.push(fault("secret-in-url", 1, false));
  else if (tokenFor(host, `${url.pathname} ${url.search} ${url.hash}`.replace(/[=&?#]/g, " ")).length > 0)
    faults.push(fault("secret-in-url", 1, false));
  if (isTheirs(host) && [...url.searchParams].some(([key, value]) => ONWARD.test(key) && leadsAway(value)))
    faults.push(fault("onward", 1, false));
  return faults;
}

function isTheirs(host: string): boolean {
  return table.theirs.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** A known host that sends its visitor on to somebody else's. */
function leadsAway(value: string): boolean {
  const absolute = /^[\\/]{2}/.test(value) ? `https:${value}` : value;
  if (!/^https?:/i.test(absolute) || !URL.canParse(absolute)) return false;
  return !isTheirs(new URL(absolute).hostname);
}

/** `github.com.login.example`, `github-login.com`, `paypa1.com`: a known name that is not its owner's host. */
function isLookalike(host: string): boolean {
  if (isTheirs(host)) return false;
  if (table.theirs.some((domain) => `.${host}`.includes(`.${domain}.`))) return true;
  const labels = host.split(".");
  const registered = labels.at(-2) ?? "";
  return table.brands.some((brand) => {
    const label = registered.replace(/-/g, "");
    if (new RegExp(`(?:^|\\.)${brand}-(?:com|org|io)\\.`).test(host)) return true;
    if (registered !== brand && registered.split("-").includes(brand) && LURE.test(registered.replace(/-/g, " ")))
      return true;
    if (registered !== brand && label.includes(brand) && LURE.test(label.replace(brand, " "))) return true;
    if (registered === brand) return false;
    return (
      brand.length >= 5 &&
      registered
        .split("-")
        .some((part) => part !== brand && (skeleton(part) === skeleton(brand) || isOneOff(part, brand)))
    );
  });
}

function isOneOff(one: string, two: string): boolean {
  if (Math.abs(one.length - two.length) > 1 || one.length < 5) return false;
  let at = 0;
  while (at < one.length && one[at] === two[at]) at += 1;
  const moved = one[at] === two[at + 1] && one[at + 1] === two[at] && one.slice(at + 2) === two.slice(at + 2);
  return (
    moved ||
    (one.length === two.length && one.slice(at + 1) === two.slice(at + 1)) ||
    (one.length > two.length && one.slice(at + 1) === two.slice(at)) ||
    (one.length < two.length && one.slice(at) === two.slice(at + 1))
  );
}
