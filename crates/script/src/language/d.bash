travis_setup_language() {
  local wanted="${TRAVIS_D_VERSION:-dmd}" family='' version='' compiler='' activation=''
  family="${wanted%%-*}"
  if [[ "$wanted" == *-* ]]; then version="${wanted#*-}"; fi
  case "$family" in
    ldc | ldc2) compiler='ldc2' ;;
    gdc) compiler='gdc' ;;
    *) compiler='dmd' ;;
  esac
  if [[ -x "$HOME/dlang/install.sh" ]] && activation="$("$HOME/dlang/install.sh" install "$wanted" -a)"; then
    source "$activation"
  else
    if ! hash "$compiler" 2>/dev/null && hash ldc2 2>/dev/null; then
      travis_notice "This machine has no $compiler; the job runs on ldc2."
      compiler='ldc2'
    fi
    travis_switch 'D' "$compiler" "$version" "$compiler --version" 'a D compiler and dub (packages ldc and dub)'
    export DC="$compiler"
  fi
  export DC="${DC:-$compiler}"
  travis_do "$DC" --version
  travis_need dub dub 'Install the package dub on the worker.'
}

travis_script_language() {
  travis_default_script 'dub test --compiler=${DC}'
}
