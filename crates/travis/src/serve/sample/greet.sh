#!/bin/sh
# Greets somebody: greet.sh GREETING NAME
[ $# -eq 2 ] || { echo "usage: greet.sh GREETING NAME" >&2; exit 64; }
printf '%s, %s!\n' "$1" "$2"
