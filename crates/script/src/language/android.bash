# Leaves in travis_package the name that sdkmanager has for a component.
travis_android_package() {
  case "$1" in
    build-tools-*) travis_package="build-tools;${1#build-tools-}" ;;
    android-[0-9]*) travis_package="platforms;$1" ;;
    extra-*)
      travis_package="${1#extra-}"
      travis_package="extras;${travis_package/-/;}"
      ;;
    sys-img-*-android-[0-9]*)
      travis_package="${1#sys-img-}"
      travis_package="system-images;android-${travis_package##*-android-};default;${travis_package%-android-*}"
      ;;
    *) travis_package="$1" ;;
  esac
}

travis_install_components() {
  local component='' travis_expanded='' travis_package='' packages=()
  if [[ -z "${travis_android_components[*]:-}" ]]; then return; fi
  for component in "${travis_android_components[@]}"; do
    travis_expand "$component"
    travis_android_package "$travis_expanded"
    packages+=("$travis_package")
  done
  if ! hash sdkmanager 2>/dev/null; then
    travis_notice "This machine has no sdkmanager to install Android components with; the job runs without: ${packages[*]}."
    return
  fi
  travis_fold start android.install
  # Naming a component here is how a job accepts its license.
  travis_do sdkmanager "${packages[@]}" < <(while printf 'y\n' 2>/dev/null; do :; done)
  travis_fold end android.install
}

travis_setup_language() {
  export TERM="${TERM:-dumb}"
  travis_setup_jdk
  travis_install_components
}

travis_script_language() {
  if [[ -f gradlew ]]; then
    chmod +x gradlew 2>/dev/null
    travis_default_script './gradlew build connectedCheck'
  elif [[ -f build.gradle || -f build.gradle.kts ]]; then
    travis_need gradle Gradle 'Install the package gradle, or commit its wrapper (gradlew).'
    travis_default_script 'gradle build connectedCheck'
  elif [[ -f pom.xml ]]; then travis_default_script 'mvn install -B'
  else travis_default_script 'ant debug install test'
  fi
}
