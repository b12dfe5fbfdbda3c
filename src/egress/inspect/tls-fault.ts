// Why a TLS connection could not be made, in the words of a refusal: one stable reason, and what a person can do about it.
import type { FilterRefusal } from "../made.ts";

interface Fault {
  readonly code: RegExp;
  readonly reason: string;
  readonly hint: string;
}

const TRUST =
  "its certificate is signed by nobody that this host trusts; a corporate authority is read from NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and the system's bundle";
const EXCEPT = "a person can leave the host unread: sandbox.network.inspectExcept";

// What a server outside does. Codes: Node's `X509_V_ERR_*` names, and OpenSSL's reasons after `ERR_SSL_`.
const UPSTREAM: readonly Fault[] = [
  { code: /^CERT_HAS_EXPIRED$/, reason: "upstream-certificate-expired", hint: "its certificate is no longer valid" },
  {
    code: /^CERT_NOT_YET_VALID$/,
    reason: "upstream-certificate-not-yet-valid",
    hint: "its certificate is not valid yet; is this machine's clock right?",
  },
  {
    code: /^ERR_TLS_CERT_ALTNAME|^HOSTNAME_MISMATCH$/,
    reason: "upstream-certificate-other-name",
    hint: "its certificate is for another name",
  },
  { code: /^CERT_REVOKED$/, reason: "upstream-certificate-revoked", hint: "its certificate was withdrawn" },
  {
    code: /SELF_SIGNED|UNABLE_TO|^CERT_UNTRUSTED$|^CERT_REJECTED$|^INVALID_CA$/,
    reason: "upstream-certificate-untrusted",
    hint: TRUST,
  },
  {
    code: /^CERT_|^PATH_LENGTH|^INVALID_PURPOSE|too weak|TOO_SMALL|TOO_WEAK/,
    reason: "upstream-certificate-invalid",
    hint: "its certificate does not hold by today's rules",
  },
  {
    code: /CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_HANDSHAKE_FAILURE|ALERT_ACCESS_DENIED/,
    reason: "upstream-certificate-asked",
    hint: `it may want a certificate of the client's; ${EXCEPT}`,
  },
  {
    code: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|WRONG_SSL_VERSION|VERSION_TOO_LOW/,
    reason: "upstream-tls-too-old",
    hint: "it speaks no TLS 1.2 or later",
  },
  { code: /NO_APPLICATION_PROTOCOL/, reason: "upstream-no-http1", hint: `it speaks no HTTP/1.1; ${EXCEPT}` },
  {
    code: /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST/,
    reason: "upstream-not-tls",
    hint: "it does not speak TLS on this port",
  },
  {
    code: /^timeout$/,
    reason: "upstream-tls-timeout",
    hint: "the host is allowed but did not finish the TLS handshake",
  },
];

// What a program inside does.
const CLIENT: readonly Fault[] = [
  {
    code: /^name-differs$/,
    reason: "tls-name-differs",
    hint: "the name in the handshake is not the one the connection was opened for",
  },
  {
    code: /ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE|UNKNOWN_CERTIFICATE/,
    reason: "tls-authority-not-trusted",
    hint: `the program does not trust this session's authority (it pins certificates, or has a trust store of its own); ${EXCEPT}`,
  },
  {
    code: /NO_APPLICATION_PROTOCOL/,
    reason: "tls-no-http1",
    hint: `the program offers no HTTP/1.1, and nothing else is read here; ${EXCEPT}`,
  },
  {
    code: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/,
    reason: "tls-too-old",
    hint: "the program speaks no TLS 1.2 or later",
  },
  { code: /^timeout$/, reason: "tls-timeout", hint: "the program did not finish the TLS handshake" },
];

/** The server's fault. */
export function upstreamFault(error: unknown): FilterRefusal {
  return told(error, UPSTREAM, { prefix: "upstream-tls", hint: `the TLS handshake with it failed; ${EXCEPT}` });
}

/** The program's. */
export function clientFault(error: unknown): FilterRefusal {
  return told(error, CLIENT, { prefix: "tls", hint: `the TLS handshake with the program failed; ${EXCEPT}` });
}

function told(error: unknown, faults: readonly Fault[], other: { prefix: string; hint: string }): FilterRefusal {
  const { code, message } = error as NodeJS.ErrnoException;
  const word = code ?? message;
  // Some of OpenSSL's verdicts have no code of their own in Node.
  const said = word === "UNSPECIFIED" ? message : word;
  const fault = faults.find((one) => one.code.test(said));
  if (fault !== undefined) return { reason: fault.reason, hint: fault.hint };
  const kind = word
    .toLowerCase()
    .replace(/^err_(?:ssl|tls)_/, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 60);
  return { reason: `${other.prefix}-${kind}`, hint: other.hint };
}
