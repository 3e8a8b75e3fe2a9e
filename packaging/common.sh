# shellcheck shell=bash
# Shared by packaging/run, packaging/test and .ci/run: installing what is missing, configuring, building. Source it.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; return 1; }

# The names in a package list, comments left out.
listed_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# Those of the given packages that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | awk '$2 == "installed" {print $1}')
  printf '%s\n' "$@" | grep -vxF -f <(printf '%s\n' "$installed")
}

# as_root COMMAND...: directly when root, else through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else return 1
  fi
}

# install_packages NAME...: quick when nothing is missing.
install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "No apt here: these Debian packages, or what they are called on this system, must be installed: $*"
    return 0
  fi
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086
  set -- $missing
  say "Installing $# packages: $*"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    fail "not root and no sudo; run as root: apt-get install -y --no-install-recommends $*"
    return 1
  fi
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update ||
    ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"; then
    fail "apt-get could not install $*; see its messages above"
  fi
}

# quietly LOG COMMAND...: shows the output on a terminal, else keeps it in LOG and shows its end when it fails.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if [ -t 1 ]; then "$@"; return; fi
  "$@" >"$log" 2>&1 && return
  tail -n 60 "$log"
  fail "failed: $* (whole output: $log)"
}

# configure PRESET [CMAKE OPTION...]: only when there is no build folder yet or the presets changed.
configure() {
  local preset=$1 build=$top/.build/$1
  shift
  [ "$build/build.ninja" -nt "$top/CMakePresets.json" ] && return
  say "Configuring preset $preset in .build/$preset"
  (cd "$top" && quietly "$build/configure.log" cmake --preset "$preset" "$@") && touch "$build/build.ninja"
}

# build PRESET [TARGET...]
build() {
  local preset=$1 build=$top/.build/$1
  shift
  if ! ninja -C "$build" -n "$@" 2>/dev/null | grep -q 'no work to do'; then say "Building preset $preset (${*:-everything})"; fi
  quietly "$build/build.log" ninja -C "$build" "$@"
}

# count_ctest FILE: "PASSED FAILED" of all ctest summaries in it.
count_ctest() {
  awk '/tests passed, [0-9]+ tests failed out of [0-9]+/ {
         for (i = 1; i <= NF; ++i) if ($i == "failed" && $(i + 1) == "out") { failed += $(i - 2); total += $(i + 3) }
       }
       END { printf "%d %d\n", total - failed, failed }' "$1"
}
