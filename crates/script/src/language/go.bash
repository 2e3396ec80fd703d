travis_setup_language() {
  local wanted="${TRAVIS_GO_VERSION:-}" have='' environment=''
  wanted="${wanted#go}"
  if hash go 2>/dev/null; then have="$(go env GOVERSION 2>/dev/null)"; fi
  have="${have#go}"
  case "$wanted" in
    1.x) wanted=1 ;;
    master | tip) if [[ -n "$have" ]]; then wanted='tip'; fi ;;
  esac
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    :
  elif hash gimme 2>/dev/null && environment="$(gimme "$wanted")"; then
    eval "$environment"
  elif travis_mise go "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Go${wanted:+ $wanted}" 'Install the package golang, or a version manager (gimme, mise), on the worker.'
  else
    travis_runs_on 'Go' "$wanted" "$have"
  fi
  export GOPATH="${GOPATH:-$HOME/gopath}"
  export PATH="$GOPATH/bin:$PATH"
  travis_cmd 'go version' --echo
}
