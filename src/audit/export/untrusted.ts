// The system's words for a certificate that does not hold: it will not hold in a minute either, so nothing is tried again.
const WORDS =
  /^(?:CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|ERR_SSL_WRONG_VERSION)/;

/** True when an error's code is about trust. */
export function isUntrusted(code: string): boolean {
  return WORDS.test(code);
}
