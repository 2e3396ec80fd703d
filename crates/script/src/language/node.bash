# Turns the aliases of versions into numbers, in the variables of its caller.
travis_node_alias() {
  case "$wanted" in
    node | stable | latest | current) if [[ -n "$have" ]]; then wanted='stable'; else wanted='node'; fi ;;
    'lts/*' | lts | --lts) if [[ -n "$have" && $((major % 2)) -eq 0 ]]; then wanted='stable'; fi ;;
    lts/argon | argon) wanted=4 ;; lts/boron) wanted=6 ;; lts/carbon) wanted=8 ;; lts/dubnium) wanted=10 ;;
    lts/erbium) wanted=12 ;; lts/fermium) wanted=14 ;; lts/gallium) wanted=16 ;;
    lts/hydrogen) wanted=18 ;; lts/iron) wanted=20 ;; lts/jod) wanted=22 ;; lts/krypton) wanted=24 ;;
  esac
}

travis_nvm() {
  local nvm=''
  for nvm in "${NVM_DIR:-$HOME/.nvm}" /usr/local/nvm /opt/nvm ''; do
    if [[ -n "$nvm" && -s "$nvm/nvm.sh" ]]; then break; fi
  done
  if [[ -z "$nvm" ]]; then return 1; fi
  export NVM_DIR="$nvm"
  source "$nvm/nvm.sh" --no-use
  travis_do nvm install "$1"
}

travis_setup_node() {
  local wanted="${TRAVIS_NODE_VERSION:-}" have='' major=''
  if [[ -z "$wanted" && -f .nvmrc ]]; then read -r wanted <.nvmrc; fi
  wanted="${wanted#v}"
  if hash node 2>/dev/null; then have="$(node --version 2>/dev/null)"; fi
  major="${have#v}"
  major="${major%%.*}"
  travis_node_alias
  if [[ -z "$have" ]] || ! travis_matches "$wanted" "$have"; then
    if travis_nvm "${wanted:-node}" || travis_by_prefix nodenv NODENV_VERSION "$wanted" ||
      travis_mise node "${wanted:-latest}" || travis_asdf nodejs "${wanted:-latest}"; then
      major='managed'
    elif [[ -z "$have" ]]; then
      travis_missing "Node.js${wanted:+ $wanted}" 'Install the package nodejs, or a version manager (nvm, mise), on the worker.'
    else
      travis_runs_on 'Node.js' "$wanted" "$have"
    fi
  fi
  if [[ "$major" != managed ]]; then
    # The machine's own Node.js: global packages go to the home directory, behind the machine's
    # programs, so that `npm install -g npm@…` neither fails nor replaces the machine's npm.
    export NPM_CONFIG_PREFIX="$HOME/.npm-global"
    export PATH="$PATH:$NPM_CONFIG_PREFIX/bin"
  fi
  travis_cmd 'node --version' --echo
  if hash npm 2>/dev/null; then travis_cmd 'npm --version' --echo; fi
}
