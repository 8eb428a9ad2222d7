#!/bin/sh
# Installs or removes kcap for one user on Linux or macOS; with sudo and --prefix /usr/local for all users.
set -eu

usage='install.sh [--from ARCHIVE|URL] [--sha256 SUM] [--prefix FOLDER]    install kcap, by default the one in this folder
install.sh --uninstall [--prefix FOLDER]                            remove kcap, also from Wireshark

  --from    kcap-VERSION-PLATFORM.tar.gz; its checksum is in SHA256SUMS in the same folder, or in --sha256
  --prefix  kcap goes into FOLDER/share/kcap, the links to it into FOLDER/bin; default: ~/.local'

fail() {
  printf 'kcap: error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'kcap:   hint: %s\n' "$2" >&2
  exit 1
}

from='' sum='' prefix=${HOME:?}/.local uninstall=''
while [ $# -gt 0 ]; do
  case $1 in
    --uninstall) uninstall=yes ;;
    --help | -h)
      printf '%s\n' "$usage"
      exit 0
      ;;
    --from | --sha256 | --prefix)
      [ $# -ge 2 ] || fail "cannot read \"$1\": it needs a value" 'sh install.sh --help'
      case $1 in
        --from) from=$2 ;;
        --sha256) sum=$2 ;;
        --prefix) prefix=$2 ;;
      esac
      shift
      ;;
    *) fail "cannot read \"$1\": there is no such option" 'sh install.sh --help' ;;
  esac
  shift
done
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
home=$prefix/share/kcap
bin=$prefix/bin
names='kcap kcap-extcap kubectl-kcap kubectl_complete-kcap'

is_ours() { [ -f "$1/dist/kcap.cjs" ] && [ -f "$1/kcap-extcap" ]; }

# A link is ours if it leads to our folder; any other file of that name is not ours.
for name in $names; do
  [ ! -e "$bin/$name" ] && [ ! -h "$bin/$name" ] && continue
  [ "$(readlink "$bin/$name" || true)" = "$home/$name" ] && continue
  [ -n "$uninstall" ] || fail "cannot install \"$bin/$name\": another program's file has that name" "ls -l $bin/$name"
done
if [ -e "$home" ] && ! is_ours "$home"; then
  fail "cannot replace \"$home\": it is not kcap's" "ls -l $home"
fi

if [ -n "$uninstall" ]; then
  [ -e "$home" ] || fail "cannot remove \"$home\": there is none" "find / -name kcap.cjs"
  "$home/kcap" uninstall
  for name in $names; do
    [ "$(readlink "$bin/$name" || true)" != "$home/$name" ] || rm "$bin/$name"
  done
  rm -rf "$home"
  printf 'kcap: removed %s\n' "$home"
  exit 0
fi

# The draft is on the file system of its destination, so that a rename installs it atomically.
mkdir -p "$prefix/share" "$bin" 2>/dev/null || fail "cannot install \"$home\": $prefix can't be written" 'sh install.sh --prefix FOLDER'
draft=$(mktemp -d "$prefix/share/.kcap.XXXXXX")
trap 'rm -rf "$draft"' EXIT
trap 'exit 1' HUP INT TERM

fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1"
  else
    fail "cannot fetch \"$1\": there is neither curl nor wget" 'sh install.sh --from ARCHIVE'
  fi || fail "cannot fetch \"$1\": see above"
}

sum_of() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

if [ -n "$from" ]; then
  archive=$from
  sums=${from%/*}/SHA256SUMS
  case $from in
    https://* | http://* | file://*)
      archive=$draft/archive
      fetch "$from" "$archive"
      if [ -z "$sum" ]; then
        fetch "$sums" "$draft/SHA256SUMS"
        sums=$draft/SHA256SUMS
      fi
      ;;
    */*) ;;
    *) sums=SHA256SUMS ;;
  esac
  [ -r "$archive" ] || fail "cannot read \"$archive\": there is no such file"
  if [ -z "$sum" ] && [ -r "$sums" ]; then sum=$(sed -n "s|^\([0-9a-f]*\)  ${from##*/}\$|\1|p" "$sums"); fi
  [ -n "$sum" ] || fail "cannot check \"$from\": no SHA256SUMS in its folder has its checksum" 'sh install.sh --from ARCHIVE --sha256 SUM'
  found=$(sum_of "$archive")
  [ "$found" = "$sum" ] || fail "cannot install \"$from\": its SHA-256 is $found, not $sum" 'fetch it again'
  mkdir "$draft/kcap"
  tar -xzf "$archive" -C "$draft/kcap" --strip-components 1
else
  here=$(cd "$(dirname "$0")" && pwd)
  is_ours "$here" || fail "cannot install \"$here\": it is no unpacked kcap" 'sh install.sh --from ARCHIVE'
  cp -R "$here" "$draft/kcap"
fi
is_ours "$draft/kcap" || fail "cannot install \"$from\": kcap is not in it"
"$draft/kcap/kcap" --version >/dev/null || fail "cannot start \"$from\": it is for another system than $(uname -s) on $(uname -m)"

[ ! -e "$home" ] || mv "$home" "$draft/old"
mv "$draft/kcap" "$home"
for name in $names; do
  ln -sf "$home/$name" "$bin/$name"
done
printf 'kcap: installed %s, with links in %s\n' "$home" "$bin"
case :$PATH: in *:"$bin":*) ;; *) printf 'kcap: %s is not in PATH; start kcap as %s\n' "$bin" "$bin/kcap" ;; esac
"$home/kcap" install
