#!/bin/sh
# Every script must at least be readable by the shell.
for script in *.sh; do
  sh -n "$script" && echo "ok   $script" || exit 1
done
