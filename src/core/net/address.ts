// The ladder of address classes (NET-3). Only `public` may be dialled without a word of the policy; every other class has its name,
// so that a refusal can say which. Pure: addresses come in as text, as a resolver gives them.
import ipaddr from "ipaddr.js";
import { once } from "../once.ts";

/** What an address is. `public` is what is left when every other class has been asked. */
export type AddressClass =
  | "public"
  | "unspecified"
  | "loopback"
  | "private"
  | "link-local"
  | "metadata"
  | "shared" // RFC 6598, carrier-grade NAT
  | "multicast"
  | "broadcast"
  | "documentation"
  | "benchmarking"
  | "reserved"
  | "unique-local"
  | "site-local"
  | "ipv4-mapped"
  | "ipv4-compatible"
  | "nat64"
  | "6to4"
  | "teredo"
  | "isatap"
  | "orchid"
  | "discard"
  | "invalid";

type Ladder = readonly (readonly [block: string, name: AddressClass])[];

// IANA's IPv4 special-purpose registry (RFC 6890 and its updates), most specific first, with the clouds' metadata services.
const V4: Ladder = [
  ["169.254.169.254/32", "metadata"], // AWS, Google, Azure, Oracle and most others
  ["169.254.170.2/32", "metadata"], // AWS ECS task credentials
  ["169.254.170.23/32", "metadata"], // AWS EKS pod identity
  ["168.63.129.16/32", "metadata"], // Azure's wire server, a public block by number
  ["100.100.100.200/32", "metadata"], // Alibaba
  ["192.0.0.192/32", "metadata"], // Oracle, older
  ["0.0.0.0/32", "unspecified"],
  ["0.0.0.0/8", "reserved"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "shared"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "reserved"],
  ["192.0.2.0/24", "documentation"],
  ["192.31.196.0/24", "reserved"], // AS112
  ["192.52.193.0/24", "reserved"], // AMT
  ["192.88.99.0/24", "6to4"],
  ["192.168.0.0/16", "private"],
  ["192.175.48.0/24", "reserved"], // AS112
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["233.252.0.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255/32", "broadcast"],
  ["240.0.0.0/4", "reserved"],
];

// IANA's IPv6 registry. Outside 2000::/3 nothing is public: what no line names there is `reserved`.
const V6: Ladder = [
  ["fd00:ec2::254/128", "metadata"], // AWS
  ["fd00:ec2::23/128", "metadata"], // AWS EKS
  ["fd20:ce::254/128", "metadata"], // Google
  ["fd00:42::42/128", "metadata"], // Scaleway
  ["fe80::a9fe:a9fe/128", "metadata"], // OpenStack
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["::ffff:0:0/96", "ipv4-mapped"],
  ["::ffff:0:0:0/96", "ipv4-mapped"], // RFC 2765, translated
  ["64:ff9b::/96", "nat64"],
  ["64:ff9b:1::/48", "nat64"],
  ["::/96", "ipv4-compatible"],
  ["100::/64", "discard"],
  ["100:0:0:1::/64", "discard"],
  ["2001::/32", "teredo"],
  ["2001:2::/48", "benchmarking"],
  ["2001:10::/28", "orchid"],
  ["2001:20::/28", "orchid"],
  ["2001:db8::/32", "documentation"],
  ["2001::/23", "reserved"],
  ["2002::/16", "6to4"],
  ["2620:4f:8000::/48", "reserved"], // AS112
  ["3fff::/20", "documentation"],
  ["5f00::/16", "reserved"], // SRv6
  ["fc00::/7", "unique-local"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "site-local"],
  ["ff00::/8", "multicast"],
];

type Parsed = readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number, AddressClass])[];
const parsed = (ladder: Ladder): (() => Parsed) =>
  once(() => ladder.map(([block, name]) => [...ipaddr.parseCIDR(block), name] as const));
const LADDER_V4 = parsed(V4);
const LADDER_V6 = parsed(V6);
const GLOBAL_UNICAST = once(() => ipaddr.IPv6.parseCIDR("2000::/3"));

/** The class of an address in canonical or any valid form. What does not parse, or carries a zone, is `invalid`. */
export function classifyAddress(text: string): AddressClass {
  const address = parseAddress(text);
  if (address === undefined) return "invalid";
  if (address instanceof ipaddr.IPv4) return classOfV4(address);
  const kind = classOfV6(address);
  return ipv4Within(address, kind).some((inner) => classOfV4(inner) === "metadata") ? "metadata" : kind;
}

/**
 * True for an address that is not public and that a person can mean by writing it down: of this machine or of a network of theirs, plain or carried in
 * another (`::ffff:127.0.0.1`). Link-local addresses are none: clouds hand out their secrets there.
 */
export function isOwnAddress(text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined) return false;
  const kind = classifyAddress(text);
  const inner = address instanceof ipaddr.IPv4 ? [] : ipv4Within(address, kind);
  return kind !== "public" && ![kind, ...inner.map(classOfV4)].some((one) => NOBODYS.has(one));
}

const NOBODYS: ReadonlySet<AddressClass> = new Set<AddressClass>(["metadata", "link-local", "multicast", "broadcast"]);

function classOfV4(address: ipaddr.IPv4): AddressClass {
  return LADDER_V4().find(([block, bits]) => address.match([block, bits]))?.[2] ?? "public";
}

function classOfV6(address: ipaddr.IPv6): AddressClass {
  const found = LADDER_V6().find(([block, bits]) => address.match([block, bits]))?.[2];
  if (found !== undefined) return found;
  if (isIsatap(address)) return "isatap";
  return address.match(GLOBAL_UNICAST()) ? "public" : "reserved";
}

/** The IPv4 addresses that one of these kinds may lead to: whoever carries it there unpacks it. */
function ipv4Within({ parts }: ipaddr.IPv6, kind: AddressClass): readonly ipaddr.IPv4[] {
  const from = (high: number, low: number): ipaddr.IPv4 =>
    new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]);
  const [, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0, seventh = 0, last = 0] = parts;
  switch (kind) {
    case "ipv4-mapped":
    case "ipv4-compatible":
    case "isatap":
      return [from(seventh, last)];
    case "nat64": // RFC 6052 §2.2: behind /96 in the last bits, behind /48 and /64 around the eight that are zero
      return [
        from(seventh, last),
        from(fourth, ((fifth & 255) << 8) | (sixth >> 8)),
        from(((fifth & 255) << 8) | (sixth >> 8), ((sixth & 255) << 8) | (seventh >> 8)),
      ];
    case "6to4":
      return [from(second, third)];
    case "teredo": // RFC 4380 §4: the client's, every bit turned
      return [from(~seventh & 0xffff, ~last & 0xffff)];
    default:
      return [];
  }
}

/** RFC 5214: below any prefix, a tunnel's interface leads to the IPv4 address in the last 32 bits. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return ((parts[4] ?? 0) & ~0x0200) === 0 && parts[5] === 0x5efe;
}

/** True when `text` is an address inside the block. A block or address that does not parse contains nothing. */
export function isInside(text: string, cidr: string): boolean {
  const address = parseAddress(text);
  const block = parseBlock(cidr);
  if (address === undefined || block === undefined || address.kind() !== block[0].kind()) return false;
  return address.match(block);
}

/** The only address of a `/32` or `/128` block, canonical; `undefined` for wider blocks. */
export function singleAddress(cidr: string): string | undefined {
  const block = parseBlock(cidr);
  if (block === undefined) return undefined;
  return block[1] === (block[0].kind() === "ipv4" ? 32 : 128) ? block[0].toString() : undefined;
}

/** The canonical text of an address literal, `undefined` for anything else (also for `127.1`, `0x7f.0.0.1` and zones). */
export function canonicalAddress(text: string): string | undefined {
  return parseAddress(text)?.toString();
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text))
    return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
  return text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

function parseBlock(cidr: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  if (ipaddr.isValidCIDR(cidr)) return ipaddr.parseCIDR(cidr);
  const address = parseAddress(cidr);
  return address === undefined ? undefined : [address, address.kind() === "ipv4" ? 32 : 128];
}
