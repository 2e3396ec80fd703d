travis_setup_language() {
  export TERM="${TERM:-dumb}"
  travis_setup_jdk
}

# Leaves in travis_builder the project's build tool: the wrapper that comes with it before the
# machine's own.
travis_find_builder() {
  if [[ -f gradlew ]]; then travis_builder='./gradlew'
  elif [[ -f build.gradle || -f build.gradle.kts ]]; then travis_builder='gradle'
  elif [[ -f mvnw ]]; then travis_builder='./mvnw'
  elif [[ -f pom.xml ]]; then travis_builder='mvn'
  else travis_builder='ant'
  fi
  case "$travis_builder" in
    gradle) travis_need gradle Gradle 'Install the package gradle, or commit its wrapper (gradlew).' ;;
    mvn) travis_need mvn Maven 'Install the package maven, or commit its wrapper (mvnw).' ;;
    ./*) chmod +x "$travis_builder" 2>/dev/null ;;
  esac
}

travis_install_jvm() {
  local travis_builder
  travis_find_builder
  case "$travis_builder" in
    *gradle*) travis_default_install "$travis_builder assemble" install.gradle ;;
    *mv*) travis_default_install "$travis_builder install -DskipTests=true -Dmaven.javadoc.skip=true -B -V" install.maven ;;
  esac
}

travis_script_jvm() {
  local travis_builder
  travis_find_builder
  case "$travis_builder" in
    *gradle*) travis_default_script "$travis_builder check" ;;
    *mv*) travis_default_script "$travis_builder test -B" ;;
    *)
      travis_need ant Ant 'Install the package ant on the worker.'
      travis_default_script 'ant test'
      ;;
  esac
}
