travis_setup_language() {
  local compiler="${TRAVIS_COMPILER:-}"
  if [[ -z "$compiler" ]]; then compiler='gcc'; fi
  case "$compiler" in
    *clang++*) CXX="$compiler" CC="${compiler/clang++/clang}" ;;
    *clang*) CC="$compiler" CXX="${compiler/clang/clang++}" ;;
    *g++*) CXX="$compiler" CC="${compiler/g++/gcc}" ;;
    *gcc*) CC="$compiler" CXX="${compiler/gcc/g++}" ;;
    *) CC="$compiler" CXX="$compiler" ;;
  esac
  export CC CXX
  export CC_FOR_BUILD="$CC" CXX_FOR_BUILD="$CXX"
  if ! hash "$CC" 2>/dev/null; then
    travis_missing "compiler $CC" "Install the package ${CC} (or build-essential) on the worker."
  fi
  travis_cmd "$CC --version" --echo
}
