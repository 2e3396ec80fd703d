travis_install_language() {
  if [[ -d project || -f build.sbt ]]; then
    if [[ -f sbt ]]; then chmod +x sbt; fi
  else
    travis_install_jvm
  fi
}

travis_script_language() {
  local sbt='sbt'
  if [[ ! -d project && ! -f build.sbt ]]; then travis_script_jvm; return; fi
  if [[ -x ./sbt ]]; then sbt='./sbt'; fi
  travis_need "$sbt" sbt 'Install sbt (scala-sbt.org) on the worker, or commit its launcher as ./sbt.'
  travis_default_script "$sbt${travis_sbt_args:+ $travis_sbt_args}${TRAVIS_SCALA_VERSION:+ ++\$TRAVIS_SCALA_VERSION} test"
}
