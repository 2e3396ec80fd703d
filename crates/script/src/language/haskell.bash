travis_setup_language() {
  local wanted="${TRAVIS_HASKELL_VERSION:-}" place=''
  wanted="${wanted#ghc-}"
  # Compilers side by side, as ghcup and the packages for many versions install them.
  for place in "$HOME/.ghcup/ghc/$wanted"/bin "$HOME/.ghcup/ghc/$wanted".*/bin "/opt/ghc/$wanted"/bin "/opt/ghc/$wanted".*/bin; do
    if [[ -n "$wanted" && -x "$place/ghc" ]]; then
      export PATH="$place:$PATH"
      break
    fi
  done
  travis_first_version ghc --version
  if [[ -n "$wanted" ]] && ! travis_matches "$wanted" "$travis_found" && hash ghcup 2>/dev/null &&
    travis_do ghcup install ghc "$wanted" --set; then
    export PATH="$HOME/.ghcup/bin:$PATH"
  fi
  travis_tool GHC ghc "$wanted" 'ghc --version' 'GHC and Cabal (packages ghc and cabal-install)'
  if hash cabal 2>/dev/null; then travis_cmd 'cabal --version' --echo; fi
}

travis_install_language() {
  travis_need cabal Cabal 'Install the package cabal-install on the worker.'
  travis_default_install 'cabal update' cabal --retry
  travis_default_install 'cabal install --only-dependencies --enable-tests' install.cabal --retry
}

travis_script_language() {
  travis_default_script 'cabal configure --enable-tests && cabal build && cabal test'
}
