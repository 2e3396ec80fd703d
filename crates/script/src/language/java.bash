travis_setup_language() {
  local wanted="${TRAVIS_JDK_VERSION:-}" have='' number=''
  number="${wanted//[^0-9.]/}"
  if hash java 2>/dev/null; then have="$(java -version 2>&1)"; fi
  have="${have#*version \"}"
  have="${have%%\"*}"
  have="${have#1.}"
  if [[ -n "$have" ]] && travis_matches "$number" "$have"; then
    :
  elif [[ -n "$number" ]] && travis_mise java "$number"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Java${wanted:+ $wanted}" 'Install the package default-jdk, or a version manager (mise), on the worker.'
  else
    travis_runs_on 'Java' "$wanted" "$have"
  fi
  export TERM="${TERM:-dumb}"
  travis_cmd 'java -Xmx32m -version' --echo
}
