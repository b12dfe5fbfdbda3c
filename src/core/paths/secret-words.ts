// A coarse sieve in front of `secretSuspicion`, for a program that reads a hundred thousand names (native/name_filter.h): a path that it does not
// let through is no secret by any rule of secret.ts. A rule there whose names hold none of these words needs one more here (the tests say so).

/** Lower-case pieces of names. */
export const SECRET_WORDS: readonly string[] = [
  ..."env netrc pgpass cnf htpasswd credential dockercfg s3cfg boto vault pypirc ppk id_ secret key account adminsdk".split(
    " ",
  ),
  ...".p12 .pfx .jks .bks .kdb .pvk .ovpn .snk .mobileprovision .p8 .psafe3 .tblk truststore tfvars tfstate".split(" "),
  ...".pem .crt .cer .der .priv .asc .gpg .pk8 .age identity".split(" "),
  ..."wp-config local.settings kubeconfig _history dev.vars".split(" "),
  ..."npmrc yarnrc pip. nuget.config bunfig.toml .bundle .gemrc settings.xml gradle.properties".split(" "),
  ..."config.json auth.json curlrc wgetrc".split(" "),
  ..."pkcs12 jceks pkcs8 msmtprc esmtprc fetchmailrc passw ftpconfig htdigest sftp gha-creds wallet.dat utc- rsa dsa ed25519".split(
    " ",
  ),
  ..."dockerconfig terraformrc terraform.rc hgrc muttrc token rclone.conf claude.json oauth wg wireguard k3s admin.conf kubelet.conf".split(
    " ",
  ),
];

/** Lower-case names of folders whose files are secrets by their place. */
export const SECRET_FOLDERS: readonly string[] =
  ".aws .ssh .gnupg .kube .docker .config .azure .cargo .gem .terraform.d .password-store .secret .secrets secret secrets".split(
    " ",
  );
