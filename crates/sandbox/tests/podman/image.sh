#!/bin/bash
# Makes the small image of the container tests from programs of this machine: image.sh FILE.
set -euo pipefail
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{etc,tmp,var/tmp,proc,sys,dev,run,home,root}
chmod 755 "$root"
chmod 1777 "$root/tmp" "$root/var/tmp"
for directory in bin sbin lib lib64; do
  mkdir -p "$root/usr/$directory"
  ln -s "usr/$directory" "$root/$directory"
done
copy() {
  local program path library
  for program in "$@"; do
    path="$(type -P "$program")" || { echo "image.sh: no $program here" >&2; continue; }
    cp -L "$path" "$root/usr/bin/$program"
    for library in $(ldd "$path" 2>/dev/null | grep -o '/[^ ]*' || true); do
      [[ "$library" == /usr/* ]] || library="/usr$library"
      mkdir -p "$root${library%/*}"
      [[ -e "$root$library" ]] || cp -L "$library" "$root$library"
    done
  done
}
copy bash sh cat ls head tail tr sleep env id hostname stty grep sed find touch mkdir mktemp chmod \
  rm mv cp ln seq sort wc cut test git git-upload-pack ps kill setsid true false xargs mount umount \
  ip getent dd date tty timeout dirname basename readlink expr curl redis-server redis-cli
# The worker asks for this locale.
mkdir -p "$root/usr/lib/locale"
cp -r /usr/lib/locale/C.utf8 "$root/usr/lib/locale" 2>/dev/null || true
mkdir -p "$root/usr/share/git-core/templates" "$root/usr/local/share/git-core/templates"
printf 'root:x:0:0:root:/root:/bin/sh\nredis:x:999:999:redis:/home:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nredis:x:999:\n' >"$root/etc/group"
tar -C "$root" --numeric-owner --owner=0 --group=0 -cf "$1.new" .
mv "$1.new" "$1"
