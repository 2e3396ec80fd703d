travis_setup_language() {
  local wanted="${TRAVIS_DART_VERSION:-}"
  travis_tool Dart dart "$wanted" 'dart --version' 'the Dart SDK (dart.dev)'
}

# Leaves in travis_pub the package manager: one command since Dart 2.10.
travis_find_pub() {
  if hash pub 2>/dev/null; then travis_pub='pub'; else travis_pub='dart pub'; fi
}

travis_install_language() {
  local travis_pub
  travis_find_pub
  if [[ -f pubspec.yaml ]]; then travis_default_install "$travis_pub get" install.pub --retry; fi
}

# One task of `dart_task:`; without it the tests.
travis_script_language() {
  local travis_pub task="${travis_dart_task:-}"
  travis_find_pub
  if [[ -n "${travis_dart_task_test+given}" ]]; then
    travis_default_script "$travis_pub run test $travis_dart_task_test"
  elif [[ -n "${travis_dart_task_dartanalyzer+given}" ]]; then
    travis_default_script "dart analyze ${travis_dart_task_dartanalyzer/#true/.}"
  elif [[ "$task" == dartanalyzer ]]; then
    travis_default_script 'dart analyze .'
  elif [[ "$task" == dartfmt || "${travis_dart_task_dartfmt:-}" == true ]]; then
    travis_default_script 'dart format --output=none --set-exit-if-changed .'
  elif [[ "$travis_pub" == pub ]]; then
    travis_default_script 'pub run test'
  else
    travis_default_script 'dart test'
  fi
}
