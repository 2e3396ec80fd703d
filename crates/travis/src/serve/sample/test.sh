#!/bin/sh
# A small test suite.
failed=0
check() {
  if [ "$2" = "$3" ]; then
    printf '\033[32mok\033[0m   %s\n' "$1"
  else
    printf '\033[31mFAIL\033[0m %s: expected "%s", got "%s"\n' "$1" "$3" "$2"
    failed=$((failed + 1))
  fi
}

check "greets by name" "$(./greet.sh "$GREETING" "$NAME")" "$GREETING, $NAME!"
check "keeps spaces" "$(./greet.sh good "old friend")" "good, old friend!"
./greet.sh alone 2>/dev/null
check "refuses to greet nobody" "$?" "64"

if [ -n "$VERBOSE" ]; then
  number=1
  while [ "$number" -le 200 ]; do
    check "greets guest $number" "$(./greet.sh "$GREETING" "guest $number")" "$GREETING, guest $number!"
    number=$((number + 1))
  done
fi

[ "$failed" -eq 0 ] || { echo "$failed failed"; exit 1; }
echo "all passed"
