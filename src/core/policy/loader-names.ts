// Names of variables that decide which code a program loads or runs.

const LOADED =
  /^(?:PATH|HOME|SHELL|IFS|ENV|BASH_ENV|PS4|PROMPT_COMMAND|CLASSPATH|OPENSSL_CONF|OPENSSL_MODULES|OPENSSL_ENGINES|GCONV_PATH|LD_\w+|DYLD_\w+|GIT_\w+|PHP\w*|PYTHON\w*|PERL5\w*|PERLLIB|RUBY\w*|GEM_\w+|BUNDLE_\w+|NODE_OPTIONS|NODE_PATH|npm_config_\w+|XDG_\w+|\w*(?:PAGER|EDITOR|SHELL|COMMAND|OPTS|OPTIONS))$/i;

/** True when the value of the variable can make a program run other code than its own. */
export function choosesCode(name: string): boolean {
  return LOADED.test(name);
}
