# Shared by the scripts in this folder: where things are, how to speak, how to get Debian packages.
# Sourced, never run.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Tools outlive a clone: a second clone on the same machine builds none of them again.
CACHE=${HOLDFAST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast}
WASM_TARGET=wasm32-unknown-unknown

say() { printf '== %s\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# need_debian WHAT PACKAGE...: has these Debian packages installed, or explains how to get them and stops.
need_debian() {
  local what=$1 package
  local -a missing=()
  shift
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    fail "$what is missing. Install these Debian packages (or their like), then call again:
    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "$what: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p "$CACHE"
  local log="$CACHE/apt.log" updated="$CACHE/apt-updated"
  if [[ -z $(find "$updated" -mmin -60 2>/dev/null) ]]; then
    apt-get update -qq >"$log" 2>&1 || fail "apt-get update failed: $(tail -n 5 "$log")"
    touch "$updated"
  fi
  # Holdfast runs clusters of its own; Debian's default one would only sit there and hold port 5432.
  if [[ " ${missing[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" >"$log" 2>&1 </dev/null ||
    fail "apt-get install failed: $(tail -n 20 "$log")"
}

# Prints the folder of the newest Postgres programs, 15 or later; fails when there are none.
postgres_bindir() {
  local folder version
  for folder in $(compgen -G '/usr/lib/postgresql/*/bin' | sort -rV) "$(pg_config --bindir 2>/dev/null)"; do
    version=$("$folder/initdb" --version 2>/dev/null | grep -oE '[0-9]+' | head -n 1) || continue
    if ((version >= 15)); then
      echo "$folder"
      return
    fi
  done
  return 1
}

# locked_version CRATE: its version in Cargo.lock.
locked_version() {
  awk -v crate="\"$1\"" '$1 == "name" { found = $3 == crate } found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' \
    "$ROOT/Cargo.lock"
}

# Prints the browser the tests drive; CHROMIUM names another one.
find_chromium() { command -v "${CHROMIUM:-chromium}" || command -v google-chrome || command -v chromium-browser; }
