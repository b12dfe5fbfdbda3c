#!/bin/sh
# Set-up on first use: what is missing is installed or built, once, under a lock; a second call finds nothing to do.
# Called by ./ringfence and by `npm test`. Says what it does on stderr while it works. Exits 125, with one line and a hint, when it cannot.
set -eu
# Whoever builds, others may use it: a root with umask 077 must not build a checkout that only root can read.
umask 022

root=$(unset CDPATH; cd "${0%/*}/.." && pwd -P)
caller_path=${PATH-}
PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/run/current-system/sw/bin
cd "$root"

refuse() { # cause, what to type
  printf 'ringfence: %s\nhint: %s\n' "$1" "$2" >&2
  exit 125
}
say() { printf 'ringfence: set-up: %s\n' "$1" >&2; }

built() { [ -f build/stamp ] && [ -f dist/ringfence.cjs ] && [ -x build/ringfence-helper ]; }
fresh() { built && [ -z "$(find src native scripts tests/bench package-lock.json -newer build/stamp -print -quit 2>/dev/null)" ] && installed; }
installed() { "$node" scripts/installed.mjs; }

node=${RINGFENCE_NODE:-$(PATH=$caller_path command -v node)} || refuse 'Node is missing' 'install Node 20.19 or later from https://nodejs.org'

if [ ! -w . ]; then
  built || refuse "\`$root\` is not set up yet, and you may not write there" "ask its owner to run \`$root/ringfence doctor\` once"
  exit 0
fi
if fresh; then exit 0; fi

# One at a time. The kernel frees the lock however its holder ends, so nothing stale is ever left. (`flock` is part of every Debian and Ubuntu;
# where a tiny system lacks it, two first uses at the same moment are not kept apart.)
mkdir -p build
exec 9>build/lock
if command -v flock >/dev/null 2>&1 && ! flock -n 9; then
  say 'another set-up is at work here; waiting for it'
  flock 9
  if fresh; then exit 0; fi
fi

# 1. Debian's packages: bubblewrap makes the namespaces, gcc and the static C library build the helper.
missing() {
  command -v bwrap >/dev/null 2>&1 || printf ' bubblewrap'
  command -v gcc >/dev/null 2>&1 || printf ' gcc'
  printf 'int main(void){return 0;}' | gcc -static -x c -o build/probe - >/dev/null 2>&1 || printf ' libc6-dev'
  rm -f build/probe
}
wanted=$(missing)
if [ -n "$wanted" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    refuse "missing on this machine:$wanted" 'install bubblewrap, gcc and the static C library with your package manager'
  fi
  if [ "$(id -u)" -ne 0 ]; then refuse "missing on this machine:$wanted" "sudo apt-get update && sudo apt-get install -y$wanted"; fi
  say "installing$wanted (apt)"
  # shellcheck disable=SC2086 # words on purpose
  { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $wanted; } >build/apt.log 2>&1 </dev/null 9>&- || :
  wanted=$(missing)
  if [ -n "$wanted" ]; then
    refuse "apt could not install$wanted: $(grep -m 1 '^E:' build/apt.log || echo "see $root/build/apt.log")" "apt-get update && apt-get install -y$wanted"
  fi
fi

# 2. npm packages: exactly the lock file's, and no script of theirs runs.
if ! installed; then
  npm=${node%/*}/npm
  [ -x "$npm" ] || npm=$(PATH=$caller_path command -v npm) || refuse 'npm is missing' 'install npm (Debian: `apt-get install npm`)'
  say 'installing npm packages'
  # The certificate authority of a company's mirror was moved aside by the launcher; npm, unlike the supervisor, needs it.
  if [ -n "${RINGFENCE_CALLER_NODE_EXTRA_CA_CERTS-}" ]; then export NODE_EXTRA_CA_CERTS="$RINGFENCE_CALLER_NODE_EXTRA_CA_CERTS"; fi
  # Whatever the person's npm configuration or NODE_ENV says, the build needs the development and optional packages, here.
  if ! PATH="${node%/*}:$PATH" "$npm" ci --ignore-scripts --include=dev --include=optional --global=false --no-audit --no-fund --no-progress \
    --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 >build/npm.log 2>&1 </dev/null 9>&-; then
    said=$(sed -n 's/^npm \(error\|ERR!\) //p' build/npm.log | tr -d '\000-\011\013-\037\177')
    cause=$(printf '%s\n' "$said" | grep -m 1 'reason:' || printf '%s\n' "$said" | head -n 2 | tr '\n' ' ')
    refuse "npm could not install the packages: ${cause:-see $root/build/npm.log}" 'check the network and the registry npm is set to (`npm config get registry`), then try again'
  fi
fi

# 3. The program and the helper. The stamp is as old as the start of the build, so a source saved meanwhile counts as newer.
say 'building'
touch build/stamp.new
if ! "$node" scripts/build.mjs program >build/build.log 2>&1 9>&-; then
  cat build/build.log >&2
  refuse 'the build failed' "read the lines above; \`npm run build\` repeats it"
fi
mv build/stamp.new build/stamp

# 4. Built by root in somebody else's checkout (sudo): it stays theirs, or they could not build the next version.
if [ "$(id -u)" -eq 0 ]; then
  owner=$(stat -c %u:%g .)
  if [ "${owner%:*}" -ne 0 ]; then chown -RPh "$owner" build dist node_modules; fi
fi
say 'done'
