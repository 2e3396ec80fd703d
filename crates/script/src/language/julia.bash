travis_setup_language() {
  local wanted="${TRAVIS_JULIA_VERSION:-}"
  travis_first_version julia --version
  if [[ -n "$wanted" ]] && ! travis_matches "$wanted" "$travis_found" && hash juliaup 2>/dev/null &&
    travis_do juliaup add "$wanted" && travis_do juliaup default "$wanted"; then
    travis_cmd 'julia --version' --echo
  else
    travis_tool Julia julia "$wanted" 'julia --version' 'Julia (julialang.org)'
  fi
}

travis_script_language() {
  travis_default_script "julia --project=. -e 'using Pkg; Pkg.build(verbose=true); Pkg.test()'"
}
