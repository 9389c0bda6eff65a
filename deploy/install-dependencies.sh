#!/usr/bin/env bash
# Installs the Debian packages that Steelyard needs; quiet when all are there.
#
#   deploy/install-dependencies.sh           to build, run and try it
#   deploy/install-dependencies.sh --tests   and to test it
#
# Works as root, or as a user with sudo.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

lists=(packages.txt)
case "${1:-}" in
  "") ;;
  --tests) lists+=(packages-tests.txt) ;;
  *) echo "usage: $0 [--tests]" >&2; exit 2 ;;
esac

die() { echo "install-dependencies: $*" >&2; exit 1; }

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# sshd stands in /usr/sbin, which is not on every user's PATH.
PATH=$PATH:/usr/sbin:/sbin
missing=()
while read -r package command; do
  case "$package" in "" | "#"*) continue ;; esac
  installed "$package" && continue
  [ -n "$command" ] && command -v "$command" >/dev/null && continue
  missing+=("$package")
done < <(cat "${lists[@]}")
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null ||
  die "missing: ${missing[*]}; this is not Debian: install their like by hand"
become_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    die "missing: ${missing[*]}; run this as root, or install sudo"
  # Without a terminal nobody can type a password.
  become_root=(sudo); [ -t 0 ] || become_root+=(-n)
  "${become_root[@]}" true 2>/dev/null ||
    die "missing: ${missing[*]}; sudo refuses: run this as root"
fi
echo "Installing packages: ${missing[*]}" >&2

log=$(mktemp -t steelyard-install.XXXXXX)
apt() {
  "${become_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy \
    -o Acquire::Retries=2 -o DPkg::Lock::Timeout=300 "$@" \
    </dev/null >>"$log" 2>&1
}

# Packages bring libraries and programs; a service that one of them would start
# (sshd) is not ours to start.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${become_root[@]}" tee $policy >/dev/null
  "${become_root[@]}" chmod 755 $policy
  trap '"${become_root[@]}" rm -f $policy' EXIT
fi

# The lists of packages may be absent or old: try them as they are, then anew.
apt install --no-install-recommends "${missing[@]}" ||
  { apt update && apt install --no-install-recommends "${missing[@]}"; } ||
  die "missing: ${missing[*]}; apt-get can't get them (is there a network?): $log"
rm -f "$log"
