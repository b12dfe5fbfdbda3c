// The variables by which programs are told whom to trust. Most of them replace the program's own list, so the bundle they name holds that list too.

/** All of them for one bundle (competitors' list, plus what the tools' own manuals name). */
export function trustVariables(bundle: string): Readonly<Record<string, string>> {
  return {
    NODE_EXTRA_CA_CERTS: bundle, // Node, Bun, npm, yarn classic
    SSL_CERT_FILE: bundle, // OpenSSL, Go, Ruby, rustls-native-certs, httpx, .NET, PHP
    npm_config_cafile: bundle, // a `cafile` of the person's would replace what Node trusts
    CURL_CA_BUNDLE: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    PIP_CERT: bundle,
    UV_SYSTEM_CERTS: "true", // uv 0.11 and later, which reads SSL_CERT_FILE first of all
    UV_NATIVE_TLS: "true", // before it: what makes it read SSL_CERT_FILE; silent beside the new name
    GIT_SSL_CAINFO: bundle,
    CARGO_HTTP_CAINFO: bundle,
    DENO_CERT: bundle,
    AWS_CA_BUNDLE: bundle,
    CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: bundle,
    NIX_SSL_CERT_FILE: bundle,
    YARN_HTTPS_CA_FILE_PATH: bundle,
    BUNDLE_SSL_CA_CERT: bundle,
    HTTPLIB2_CA_CERTS: bundle,
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: bundle,
    PERL_LWP_SSL_CA_FILE: bundle,
    HEX_CACERTS_PATH: bundle,
    CODEX_CA_CERTIFICATE: bundle,
  };
}
