// Hosts that are not this machine, by the ways in which clients of databases write them.

/** A host by its full name or number. A bare name is one of this machine or of its containers (`db`), a path is a socket. */
export function isFarHost(host: string | undefined): boolean {
  return host === undefined || (/[.:%]/.test(host) && !/^(?:127(?:\.\d+){3}|::1|\/.*|[\w.-]+\.localhost)$/.test(host));
}

/** Each place for a host: `host=x hostaddr=y dbname=z`, `?host=x`, `postgresql://me@x:5432/db`. */
const HOSTS =
  /(?:^|[\s?&])host(?:addr)?\s*=\s*'?([^'\s&]*)|^[a-z][\w+.-]*:\/\/(?:[^@/?#]*@)?(?:\[([^\]]*)\]|([^:/?#]*))/gi;

/** True when a database's name or address leads to another host. */
export function leadsFar(address: string): boolean {
  return [...address.matchAll(HOSTS)].some(([, named, number, host]) => isFarHost(named ?? number ?? host));
}
