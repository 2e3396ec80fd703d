# Leaves in travis_java the version that the machine's java tells: 17.0.9, and 8.0_21 for 1.8.0_21.
travis_java_version() {
  local output=''
  travis_java=''
  if ! hash java 2>/dev/null; then return; fi
  output="$(java -version 2>&1)"
  output="${output#*version \"}"
  output="${output%%\"*}"
  travis_java="${output#1.}"
}

# travis_jdk_directory NUMBER: switches to a JDK among those that the system's packages installed.
travis_jdk_directory() {
  local directory=''
  for directory in "${TRAVIS_JVM_DIRECTORY:-/usr/lib/jvm}"/{java,jdk,temurin,zulu,adoptopenjdk}-{,1.}"$1"{,[-.]*}; do
    if [[ -x "$directory/bin/java" ]]; then
      export JAVA_HOME="$directory" PATH="$directory/bin:$PATH"
      return 0
    fi
  done
  return 1
}

# travis_sdkman NUMBER: the newest JDK of that number that sdkman has or can install.
travis_sdkman() {
  local home="${SDKMAN_DIR:-$HOME/.sdkman}" candidate='' found=''
  if [[ ! -s "$home/bin/sdkman-init.sh" ]]; then return 1; fi
  source "$home/bin/sdkman-init.sh"
  for candidate in "$home/candidates/java/$1".*; do
    if [[ -x "$candidate/bin/java" ]]; then found="${candidate##*/}"; fi
  done
  if [[ -z "$found" && "$(sdk list java 2>/dev/null)" =~ [[:space:]]("$1".[0-9.]+-tem)[[:space:]] ]]; then
    found="${BASH_REMATCH[1]}"
    travis_do sdk install java "$found" || return 1
  fi
  [[ -n "$found" ]] && travis_do sdk use java "$found"
}

# travis_install_jdk NAME: for the job's own commands, which may name any JDK as `openjdk11`.
travis_install_jdk() {
  TRAVIS_JDK_VERSION="${1:-}"
  travis_setup_jdk
}

travis_setup_jdk() {
  local wanted="${TRAVIS_JDK_VERSION:-}" number='' directory=''
  # Scripts of old switch by themselves.
  jdk_switcher() {
    case "${1:-}" in
      use) TRAVIS_JDK_VERSION="${2:-}" && travis_setup_jdk ;;
      home) printf '%s\n' "${JAVA_HOME:-}" ;;
      *) printf 'jdk_switcher: use or home, not %s\n' "${1:-nothing}" >&2; return 64 ;;
    esac
  }
  number="${wanted//[^0-9.]/}"
  travis_java_version
  if [[ -n "$travis_java" && "$wanted" != *-ea ]] && travis_matches "$number" "$travis_java"; then
    :
  elif [[ -n "$number" ]] && travis_jdk_directory "$number"; then
    :
  elif [[ -n "$number" ]] && { travis_mise java "$number" || travis_sdkman "$number" || travis_asdf java "$number"; }; then
    :
  elif [[ -z "$travis_java" ]]; then
    travis_missing "Java${wanted:+ $wanted}" 'Install the package default-jdk, or a version manager (mise, sdkman, asdf), on the worker.'
  else
    travis_runs_on 'Java' "$wanted" "$travis_java"
  fi
  if [[ -z "${JAVA_HOME:-}" ]] && hash readlink 2>/dev/null && directory="$(readlink -f "$(type -P java)")"; then
    directory="${directory%/bin/java}"
    if [[ -d "$directory/lib" ]]; then export JAVA_HOME="$directory"; fi
  fi
  travis_cmd 'java -Xmx32m -version' --echo
  if hash javac 2>/dev/null; then travis_cmd 'javac -J-Xmx32m -version' --echo; fi
}
