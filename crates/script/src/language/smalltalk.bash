travis_setup_language() {
  local place="$HOME/smalltalkCI" source="${travis_smalltalk_edge_source:-hpi-swa/smalltalkCI}"
  if [[ -n "${travis_smalltalk_edge_source:-}${travis_smalltalk_edge_branch:-}" ]]; then
    travis_fold start smalltalk.edge
    travis_do git clone --depth 1 --branch "${travis_smalltalk_edge_branch:-master}" "https://github.com/$source.git" "$place"
    travis_assert $?
    travis_fold end smalltalk.edge
    export SMALLTALK_CI_HOME="$place" PATH="$place/bin:$PATH"
  fi
  travis_need smalltalkci smalltalkCI 'Install smalltalkCI on the worker.'
  travis_cmd 'smalltalkci --version' --echo
}

travis_script_language() {
  local config=() words=''
  if [[ -n "${TRAVIS_SMALLTALK_CONFIG:-}" ]]; then config=("$TRAVIS_SMALLTALK_CONFIG"); fi
  printf -v words ' %q' ${TRAVIS_SMALLTALK_VERSION:+-s "$TRAVIS_SMALLTALK_VERSION"} ${config[@]+"${config[@]}"}
  if [[ "$words" == " ''" ]]; then words=''; fi
  travis_default_script "smalltalkci$words"
}
