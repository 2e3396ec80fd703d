travis_setup_language() {
  local wanted="${TRAVIS_RUST_VERSION:-stable}" have='' channel='stable' program=''
  if hash rustc cargo 2>/dev/null && ! have="$(rustc --version 2>/dev/null)"; then
    # A rustup of another home finds its toolchains beside its own programs.
    program="$(type -P rustc)"
    if [[ -z "${RUSTUP_HOME:-}" && -d "${program%/.cargo/bin/rustc}/.rustup" ]]; then
      export RUSTUP_HOME="${program%/.cargo/bin/rustc}/.rustup"
      have="$(rustc --version 2>/dev/null)"
    fi
  fi
  have="${have#rustc }"
  have="${have%% *}"
  case "$have" in
    *-nightly) channel='nightly' ;;
    *-beta*) channel='beta' ;;
  esac
  if [[ -n "$have" && "$wanted" == "$channel" ]] || { [[ -n "$have" && "$wanted" != stable ]] && travis_matches "$wanted" "$have"; }; then
    :
  elif hash rustup 2>/dev/null && RUSTUP_AUTO_INSTALL=0 rustup run "$wanted" rustc --version >/dev/null 2>&1; then
    export RUSTUP_TOOLCHAIN="$wanted"
  elif hash rustup 2>/dev/null && travis_do rustup toolchain install --profile minimal "$wanted"; then
    export RUSTUP_TOOLCHAIN="$wanted"
  elif travis_mise rust "$wanted" || travis_asdf rust "$wanted"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Rust${wanted:+ $wanted}" 'Install rustup, or the packages rustc and cargo, on the worker.'
  else
    travis_runs_on 'Rust' "$wanted" "$have"
  fi
  export CARGO_HOME="$HOME/.cargo"
  export PATH="$PATH:$CARGO_HOME/bin"
  travis_cmd 'rustc --version' --echo
  travis_cmd 'cargo --version' --echo
}

travis_script_language() {
  travis_default_script 'cargo build --verbose'
  travis_default_script 'cargo test --verbose'
}

# What cargo rebuilds from the rest of the cache in no time, and what only the next change needs.
travis_before_cache_language() {
  if [[ "${travis_cache_cargo:-}" != true ]]; then return; fi
  travis_fold start before_cache.cargo
  travis_cmd 'rm -rf "$CARGO_HOME/registry/src" target/*/incremental' --echo
  travis_fold end before_cache.cargo
}
