// Secret files by name (CRED-6): what must not be seen inside. Some names say enough; others only say where to look,
// and a few bytes of content decide (a certificate is public, the key beside it is not). Pure: names and text in, answer out.
import { foldName } from "./protected.ts";

/** `name`: secret whatever it holds. `key`, `token`: secret when the content is (see `holdsSecret`). */
export type SecretSuspicion = "name" | "key" | "token";

/** How many first bytes of a file `holdsSecret` wants to see. */
export const SECRET_PROBE_BYTES: number = 64 * 1024;

// dotenv files that are made to be shared say so in one of their parts.
const SHARED = new Set(["example", "examples", "sample", "samples", "template", "tmpl", "tpl", "dist"]);
// Only after `.env`: a `vault.kdbx` is no example, an `.env.vault` is encrypted.
const SHARED_ENV = new Set([...SHARED, "default", "defaults", "schema", "vault", "md"]);
const CODE = /\.(?:[cm]?[jt]sx?|py|go|rs|rb|java|kt|php|cs|c|h|cpp|sh|html|vue)$/;
// Editors' and people's copies are as secret as the original.
const COPY = /(?:~|#|\.(?:bak|backup|old|orig|save|sw[a-z]|copy|tmp|[0-9]+))+$/;
const COPY_BEFORE = /^\.?#/;
const COPY_WITHIN = /(?: copy(?: \d+)?| ?\(\d+\))(?=\.|$)/;
// There such a name says what is spoken of, not what is kept: a chart's template of a secret, the words of a page about secrets.
const SPOKEN_OF = /(?:^|\/)(?:templates|i18n|locales?|lang|translations)\/(?:.*\/)?[^/]*\.(?:json|ya?ml)$/;

const BY_NAME = anyOf([
  /^\.env$/,
  /^\.?(?:netrc|_netrc|pgpass|my\.cnf|htpasswd|git-credentials|dockercfg|s3cfg|boto|vault-token|vault_pass(?:\.txt)?|pypirc|ppk|mylogin\.cnf)$/,
  /^id_(?:rsa|dsa|ecdsa|ed25519|xmss|ecdsa_sk|ed25519_sk)(?:[-_.][\w-]+)?$/,
  /\.(?:p12|pfx|pkcs12|jks|jceks|keystore|bks|kdb|kdbx|ppk|pvk|ovpn|agekey|snk|mobileprovision|p8|psafe3|tblk|keychain|keychain-db)$/,
  /^(?:keystore|truststore)$/,
  /^(?:credentials|credential|secrets?|client_secrets?|application_default_credentials)(?:[-_.][\w-]+)*\.(?:json|ya?ml|toml|ini|env|properties|txt)$/,
  /^(?:service|gcp|gcloud|firebase)[-_]?(?:account|adminsdk|key|credentials)[\w.-]*\.json$/,
  /^[\w.-]*(?:-|_)adminsdk(?:-|_)[\w.-]*\.json$/,
  /^terraform\.tfvars(?:\.json)?$|\.auto\.tfvars(?:\.json)?$|\.tfstate$/,
  /^(?:master|credentials|production|development|staging|test)\.key$/,
  /^\.?(?:ansible[-_])?vault[-_]pass(?:word)?(?:[-_]file)?(?:\.txt)?$/,
  /^(?:root[-_]?key|credentials|[\w-]*access[-_]?keys)\.csv$/,
  /^\.(?:msmtprc|esmtprc|fetchmailrc|passwd-s3fs|ftpconfig|htdigest|secret_key_base)$/,
  /^(?:sftp-config|gha-creds-[\w-]+)\.json$|^wallet\.dat$|^utc--\d{4}-|^(?:private|secret)[-_]?key\.txt$/,
  /^(?:wp-config|configuration\.secret|local\.settings|secrets\.local)\.(?:php|json)$/,
  /^kubeconfig(?:\.ya?ml)?$|\.kubeconfig$/,
  /^\.(?:bash|zsh|sh|ash|ksh|fish|python|node_repl|psql|mysql|sqlite|irb|rediscli)_history$/,
  /^\.dev\.vars(?:\.[\w-]+)?$/,
]);

const BY_PLACE = anyOf([
  /(?:^|\/)\.aws\/(?:credentials|config|sso\/|cli\/cache\/)/,
  /(?:^|\/)\.(?:ssh)\/(?!(?:known_hosts|authorized_keys|config)(?:\.|$)|[^/]*\.pub$)/,
  /(?:^|\/)\.gnupg\//,
  /(?:^|\/)\.kube\/(?:config|cache\/)/,
  /(?:^|\/)\.docker\/config\.json$/,
  /(?:^|\/)\.config\/(?:gh\/hosts\.yml|gcloud\/|hub$|glab-cli\/|rclone\/|op\/|doctl\/|heroku\/)/,
  /(?:^|\/)\.azure\//,
  /(?:^|\/)\.cargo\/credentials(?:\.toml)?$/,
  /(?:^|\/)\.gem\/credentials$/,
  /(?:^|\/)\.terraform\.d\/credentials/,
  /(?:^|\/)\.password-store\//,
  /(?:^|\/)(?:\.secrets?|secrets?)\/[^/]*\.(?:txt|key|pem|json|token|env|password)$/,
]);

const KEY_NAMES = anyOf([
  /\.(?:pem|key|crt|cer|cert|der|priv|private|asc|gpg|pk8|pkcs8|age)$/,
  /^(?:identity|privkey|private[-_]?key|key)$/,
  /^id_[\w-]+$/,
  /(?:^|[-_.])(?:rsa|dsa|ecdsa|ed25519)(?:[-_]key)?$/,
  /(?:^|[-_.])(?:deploy|ssh|host|private|signing|tls|ssl)[-_]?key$/,
  /^(?:age[-_.]?)?(?:keys?|identity)\.txt$/,
]);
const TOKEN_NAMES = anyOf([
  /^\.?npmrc$/,
  /^\.yarnrc(?:\.ya?ml)?$/,
  /^\.?pip\.(?:conf|ini)$/,
  /^nuget\.config$/,
  /^bunfig\.toml$/,
  /^\.bundle$|^\.gemrc$/,
  /^settings\.xml$/,
  /^gradle\.properties$/,
  /^\.envrc$/,
  /^config\.json$/,
  /^auth\.json$/,
  /^\.curlrc$|^\.wgetrc$/,
  /^\.(?:flaskenv|environment|dockerconfigjson|terraformrc|hgrc|muttrc)$/,
  /^\.?(?:credentials?|secrets?|tokens?|dotenv|rclone\.conf|claude\.json)$|^(?:env\.txt|terraform\.rc|credentials\.xml)$/,
  /^\.?(?:tokens?|oauth[\w-]*|access[-_]?tokens?|sftp)\.json$/,
  /^\.?(?:api[-_]?keys?|(?:access[-_]?|auth[-_]?)?tokens?|passwords?|secret[-_]?keys?)(?:\.txt)?$/,
  /^(?:wg[\w-]*|wireguard)\.conf$|^(?:k3s\.ya?ml|(?:admin|kubelet)\.conf)$/,
  /\.tfvars(?:\.json)?$/,
]);

/** One pattern for all: each name of a large workspace is tried against every one of them. */
function anyOf(patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => `(?:${source})`).join("|"));
}

/**
 * Whether the relative path names a secret, or a file whose content must be asked. Examples of dotenv files and public
 * keys are nothing. Case and invisible characters do not count.
 */
export function secretSuspicion(path: string): SecretSuspicion | undefined {
  const parts = path.split("/").map(foldName);
  const name = (parts.at(-1) ?? "").replace(COPY, "").replace(COPY_BEFORE, "").replace(COPY_WITHIN, "");
  if (name.endsWith(".pub")) return undefined;
  if (isEnvFile(name)) return "name";
  // An editor's copy has a dot in front.
  if (BY_NAME.test(name) || BY_NAME.test(name.replace(/^\./, ""))) {
    if (isShared(name, SHARED)) return undefined;
    return SPOKEN_OF.test(parts.join("/")) ? "token" : "name";
  }
  if (BY_PLACE.test(parts.join("/"))) return "name";
  if (KEY_NAMES.test(name)) return "key";
  if (TOKEN_NAMES.test(name)) return "token";
  return undefined;
}

/** Whether the first bytes of a suspected file (as latin-1 text) hold a secret. A certificate or a plain setting does not. */
export function holdsSecret(suspicion: SecretSuspicion, head: string): boolean {
  switch (suspicion) {
    case "name":
      return true;
    case "key":
      return PRIVATE_KEY.test(head) || isBinaryKey(head);
    case "token":
      return TOKEN.some((pattern) => pattern.test(head));
    default:
      return suspicion satisfies never;
  }
}

const PRIVATE_KEY =
  /PRIVATE KEY( BLOCK)?-----|^PuTTY-User-Key-File|AGE-SECRET-KEY-1|"private_key"|^\s*SSH PRIVATE KEY FILE FORMAT/m;

const TOKEN: readonly RegExp[] = [
  /_(?:authToken|auth|password)\s*[=:]\s*["']?(?!\$\{)[^\s"'$]/i,
  /npm(?:Auth(?:Token|Ident)|RegistryToken)\s*[:=]\s*["']?(?!\$\{)[^\s"'$]/i,
  /(?:^|\s)(?:username|password|token|secret)\s*[=:]\s*["']?(?!\$\{)[^\s"'${]/im,
  /:\/\/[^\s/:@]+:(?!\$\{)[^\s/@]+@/,
  /<(?:password|passphrase|ClearTextPassword|privateKey)>(?!\$\{)[^<]/i,
  /key="ClearTextPassword"/i,
  /"auths?"\s*:\s*\{[^}]*\{[^}]*"(?:auth|identitytoken|password)"/,
  /^\s*(?:export\s+)?\w*(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|ACCESS_KEY)\w*\s*=\s*["']?[^\s"'$]/m,
  /^\s*[\w.-]*(?:token|secret|passw(?:or)?d|api_?key|private_?key|access_?key)\s*=\s*["']?[^\s"'${<]/im,
  /"(?:[\w-]*(?:api|secret|access)[-_]?key|[\w-]*client[-_]?secret|auth[-_]?token|password)"\s*:\s*"[^"\s${<]{8}/i,
  /^\s*client-key-data:\s*\S/m,
  // Nothing else in the file.
  /^\s*[\w.~+/:-]{16,}={0,2}\s*$/,
  /"(?:github-oauth|gitlab-token|gitlab-oauth|http-basic|bearer|access_token|refresh_token|api_?key|client_secret)"\s*:/i,
  /^\s*-?-?user\s*[= ]\s*\S+:\S+/m,
];

function isEnvFile(name: string): boolean {
  const match =
    /\.env(?:rc)?((?:[._-][^._-]+)*)$/.exec(name) ??
    /^env((?:\.(?:local|prod|production|development|dev|staging|test))+)$/.exec(name);
  if (match === null || name === ".envrc") return false;
  // `process.env.ts` is code about the environment; `.env.js` may well be the environment.
  return !isShared(name, SHARED_ENV) && !(CODE.test(name) && !name.startsWith(".env"));
}

function isShared(name: string, words: ReadonlySet<string>): boolean {
  return name.split(/[.\-_]/).some((part) => words.has(part));
}

/** DER and OpenPGP secret keys are not text: a .key or .gpg that is no text at all is taken for one (a Keynote document is a zip, a public OpenPGP key starts with its packet's tag). */
function isBinaryKey(head: string): boolean {
  return (
    head.length > 0 &&
    /[\x00-\x08\x0e-\x1a]/.test(head.slice(0, 512)) &&
    !/^(?:-----BEGIN|PK\x03\x04|\x7fELF|MZ|[\x98-\x9b\xc6])/.test(head) &&
    !isDerCertificate(head)
  );
}

/** A DER certificate or public key starts SEQUENCE(SEQUENCE(…)); a private key starts SEQUENCE(INTEGER 0 or 1). */
function isDerCertificate(head: string): boolean {
  return /^\x30(?:[\x81-\x84].{1,4}|[\x00-\x7f])\x30/s.test(head);
}
