# The other language's compiler of the same family and version.
travis_pair_compilers() {
  case "$1" in
    *clang++*) CXX="$1" CC="${1/clang++/clang}" ;;
    *clang*) CC="$1" CXX="${1/clang/clang++}" ;;
    *g++*) CXX="$1" CC="${1/g++/gcc}" ;;
    *gcc*) CC="$1" CXX="${1/gcc/g++}" ;;
    *) CC="$1" CXX="$1" ;;
  esac
}

travis_setup_language() {
  local compiler="${TRAVIS_COMPILER:-}"
  if [[ -z "$compiler" && "${TRAVIS_LANGUAGE:-}" == cpp ]]; then compiler='g++'; fi
  export TRAVIS_COMPILER="${compiler:-gcc}"
  travis_pair_compilers "$TRAVIS_COMPILER"
  export CC CXX CC_FOR_BUILD="$CC" CXX_FOR_BUILD="$CXX"
  if hash "$TRAVIS_COMPILER" 2>/dev/null; then
    travis_do "$TRAVIS_COMPILER" --version
  elif hash gcc 2>/dev/null || hash clang 2>/dev/null || hash cc 2>/dev/null; then
    # Many jobs install the compiler that they name by themselves.
    travis_notice "This machine has no compiler $TRAVIS_COMPILER; commands that use it fail unless the job installs it."
  else
    travis_missing "compiler $TRAVIS_COMPILER" 'Install the package gcc or g++ (or build-essential) on the worker.'
  fi
}
