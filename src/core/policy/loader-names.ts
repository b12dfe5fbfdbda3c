// Names of variables that decide which code a program loads or runs: of loaders, of languages, and of what fetches or finds the program itself.

const LOADED =
  /^(?:PATH|HOME|SHELL|IFS|ENV|BASH_ENV|PS4|PROMPT_COMMAND|CLASSPATH|MAKEFLAGS|MAKEFILES|GNUMAKEFLAGS|ZDOTDIR|INPUTRC|LESSOPEN|LIBRARY_PATH|GTK_MODULES|GIO_\w+|OPENSSL_CONF|OPENSSL_MODULES|OPENSSL_ENGINES|GCONV_PATH|LD_\w+|DYLD_\w+|GIT_\w+|PHP\w*|PYTHON\w*|PERL5\w*|PERLLIB|RUBY\w*|GEM_\w+|BUNDLE_\w+|NODE_OPTIONS|NODE_PATH|npm_config_\w+|XDG_\w+|\w*(?:PAGER|EDITOR|SHELL|COMMAND|OPTS|OPTIONS))$/i;

/** Of package runners, of version managers and of the daemons that run containers. */
const FETCHED =
  /^(?:UV_\w+|PIPX?_\w+|VIRTUAL_ENV|CONDA_\w+|POETRY_\w+|PDM_\w+|YARN_\w+|PNPM_\w+|BUN_\w+|DENO_\w+|COREPACK_\w+|VOLTA_\w+|NVM_\w+|FNM_\w+|ASDF_\w+|MISE_\w+|PYENV_\w+|RBENV_\w+|NODENV_\w+|DOCKER_\w+|CONTAINERS?_\w+|PODMAN_\w+|CARGO_\w+|RUSTC\w*|GRADLE_\w+|MAVEN_\w+|COMPOSER_\w+|MIX_\w+|HEX_\w+|HATCH_\w+|PIPENV_\w+|RYE_\w+|PIXI_\w+|MAMBA_\w+|NPX_\w+|JITI_\w+|RUSTUP_\w+|GO(?:PATH|ROOT|BIN|PROXY|FLAGS|ENV|TOOLCHAIN|WORK|SUMDB|NOSUMDB|INSECURE|PRIVATE|NOPROXY)|DOTNET_\w+|CORECLR_\w+|COR_\w+|NUGET_\w+|JAVA_HOME|TSX_\w+|TS_NODE_\w+|LUA_\w+|JULIA_\w+|R_\w+|ERL_\w+|ELECTRON_\w+|NIX_\w+|GUIX_\w+)$/i;

/** What opens a registry's door, and chooses nothing. */
const SECRET = /(?:TOKEN|SECRET|KEY|PASSWORD|PAT)$/i;

/** True when the value of the variable can make a program run other code than its own. */
export function choosesCode(name: string): boolean {
  return LOADED.test(name) || (FETCHED.test(name) && !SECRET.test(name));
}
