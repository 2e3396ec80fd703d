# The gimme that `gimme_config:` names, or the machine's.
travis_gimme() {
  local environment=''
  if [[ -n "${travis_gimme_config_url:-}" ]] && { [[ "${travis_gimme_config_force_reinstall:-}" == true ]] || ! hash gimme 2>/dev/null; }; then
    mkdir -p "$HOME/bin"
    travis_do curl -fsSL --retry 2 --max-time 60 -o "$HOME/bin/gimme" "$travis_gimme_config_url" && chmod +x "$HOME/bin/gimme"
    export PATH="$HOME/bin:$PATH"
  fi
  hash gimme 2>/dev/null && environment="$(gimme "$1")" && eval "$environment"
}

# Puts the code where its import path says; the old place leads there.
travis_import_path() {
  local place="${GOPATH%%:*}/src/${travis_go_import_path:-}"
  if [[ -z "${travis_go_import_path:-}" ]]; then
    if [[ -f go.mod || -z "${TRAVIS_REPO_SLUG:-}" || "$PWD" != "${TRAVIS_BUILD_DIR:-}" ]]; then return; fi
    place="${GOPATH%%:*}/src/github.com/$TRAVIS_REPO_SLUG"
  fi
  if [[ -e "$place" ]] || [[ "$place" == *..* ]]; then return; fi
  mkdir -p "${place%/*}" || return
  if mv "$TRAVIS_BUILD_DIR" "$place" 2>/dev/null; then
    ln -s "$place" "$TRAVIS_BUILD_DIR"
  else
    # A place that can't be moved is led to.
    ln -s "$TRAVIS_BUILD_DIR" "$place" || return
  fi
  export TRAVIS_BUILD_DIR="$place"
  travis_do cd "$place"
}

travis_setup_language() {
  local wanted="${TRAVIS_GO_VERSION:-}" have=''
  wanted="${wanted#go}"
  if hash go 2>/dev/null; then have="$(go env GOVERSION 2>/dev/null)"; fi
  have="${have#go}"
  case "$wanted" in
    1.x) wanted=1 ;;
    master | tip) if [[ -n "$have" ]]; then wanted='tip'; fi ;;
  esac
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    :
  elif travis_gimme "$wanted"; then
    :
  elif travis_by_prefix goenv GOENV_VERSION "$wanted"; then
    :
  elif travis_mise go "${wanted:-latest}" || travis_asdf golang "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Go${wanted:+ $wanted}" 'Install the package golang, or a version manager (gimme, goenv, mise), on the worker.'
  else
    travis_runs_on 'Go' "$wanted" "$have"
  fi
  export GOPATH="${GOPATH:-$HOME/gopath}"
  export PATH="$GOPATH/bin:$PATH"
  # Code from before modules is built as it was then.
  if [[ ! -f go.mod ]]; then export GO111MODULE="${GO111MODULE:-auto}"; fi
  travis_import_path
  travis_cmd 'go version' --echo
  travis_cmd 'go env' --echo
}

travis_has_makefile() {
  [[ -f GNUmakefile || -f Makefile || -f makefile || -f BSDmakefile ]];
}

travis_install_language() {
  if travis_has_makefile; then travis_notice 'Makefile detected'
  elif [[ -d Godeps ]] && hash godep 2>/dev/null; then travis_default_install 'godep restore' install.go --retry
  elif [[ -f go.mod && -d vendor ]]; then travis_notice 'The dependencies are vendored.'
  else travis_default_install "go get ${travis_gobuild_args:--v} -t ./..." install.go --retry
  fi
}

travis_script_language() {
  if travis_has_makefile; then travis_default_script 'make'
  else travis_default_script "go test ${travis_gobuild_args:--v} ./..."
  fi
}
