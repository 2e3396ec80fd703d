source ./roman.sh
failed=0
check() {
  if [[ "$(roman "$1")" == "$2" ]]; then echo "ok $1"; else echo "not ok $1" && failed=1; fi
}
check 1994 MCMXCIV
check 2026 MMXXVI
exit "$failed"
