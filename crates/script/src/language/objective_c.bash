# A package of Swift's own needs no Xcode.
travis_is_package() {
  [[ -f Package.swift && -z "${travis_xcode_project:-}${travis_xcode_workspace:-}" ]]
}

travis_setup_language() {
  if travis_is_package && hash swift 2>/dev/null; then
    travis_cmd 'swift --version' --echo
    return
  fi
  travis_need xcodebuild Xcode 'This language needs a worker with macOS; install Xcode there.'
  travis_cmd 'xcodebuild -version -sdk' --echo
  if [[ -n "${TRAVIS_RUBY_VERSION:-}" ]] && hash rvm 2>/dev/null; then travis_do rvm use "$TRAVIS_RUBY_VERSION"; fi
  if hash pod 2>/dev/null; then travis_cmd 'pod --version' --echo; fi
}

travis_install_language() {
  local podfile="${travis_podfile:-Podfile}" gemfile="${TRAVIS_GEMFILE:-Gemfile}" directory='.' command=''
  if [[ -f "$gemfile" ]] && hash bundle 2>/dev/null; then
    export BUNDLE_GEMFILE="$PWD/$gemfile"
    travis_default_install "bundle install ${travis_bundler_args:---jobs=3 --retry=3}" install.bundler --retry
  fi
  if [[ ! -f "$podfile" ]]; then return; fi
  if [[ "$podfile" == */* ]]; then directory="${podfile%/*}"; fi
  travis_need pod CocoaPods 'Install the gem cocoapods on the worker.'
  printf -v command 'pushd %q && pod install && popd' "$directory"
  if [[ "$directory" == . ]]; then command='pod install'; fi
  travis_default_install "$command" install.cocoapods --retry
}

# The project, the scheme, the SDK and the destination as options of Xcode's tools.
travis_xcode_options() {
  local words=()
  if [[ -n "${travis_xcode_workspace:-}" ]]; then words+=(-workspace "$travis_xcode_workspace")
  elif [[ -n "${travis_xcode_project:-}" ]]; then words+=(-project "$travis_xcode_project")
  fi
  if [[ -n "${TRAVIS_XCODE_SCHEME:-}" ]]; then words+=(-scheme "$TRAVIS_XCODE_SCHEME"); fi
  if [[ -n "${TRAVIS_XCODE_SDK:-}" ]]; then words+=(-sdk "$TRAVIS_XCODE_SDK"); fi
  if [[ -n "${travis_xcode_destination:-}" ]]; then words+=(-destination "$travis_xcode_destination"); fi
  travis_options=''
  if [[ "${#words[@]}" -gt 0 ]]; then printf -v travis_options ' %q' "${words[@]}"; fi
}

travis_script_language() {
  local travis_options='' pretty=''
  if travis_is_package; then
    travis_default_script 'swift build'
    travis_default_script 'swift test'
    return
  fi
  travis_xcode_options
  if [[ -z "${TRAVIS_XCODE_SCHEME:-}" ]]; then
    travis_notice 'Testing without a scheme and a project or workspace is unreliable: set xcode_scheme and xcode_project or xcode_workspace in .travis.yml.'
  fi
  if hash xcpretty 2>/dev/null; then pretty='set -o pipefail && ' travis_options+=' build test | xcpretty'
  else travis_options+=' build test'
  fi
  travis_default_script "${pretty}xcodebuild$travis_options"
}
