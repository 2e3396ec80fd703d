# ---- functions of the addon apt -------------------------------------------

# travis_apt_source LINE KEY_URL: adds a source of packages.
travis_apt_source() {
  local travis_key travis_list
  if ! travis_can_be_root; then
    travis_notice "The source of packages is not added, since the job is not root: $1"
    return 0
  fi
  builtin printf '$ add the source %s\n' "$1"
  if [[ -n "$2" ]]; then
    travis_key="$(mktemp)"
    travis_download "$2" "$travis_key" || travis_stop "The key of a source of packages could not be fetched: $2"
    travis_as_root install -m 0644 "$travis_key" "/etc/apt/trusted.gpg.d/travis-$(cksum <"$travis_key" | cut -d' ' -f1).asc"
  fi
  case "$1" in
    ppa:*) travis_cmd "travis_as_root add-apt-repository -y -- $(builtin printf '%q' "$1")" --assert --retry --display "add-apt-repository $1" ;;
    *)
      travis_list="/etc/apt/sources.list.d/travis-$(builtin printf '%s' "$1" | cksum | cut -d' ' -f1).list"
      builtin printf '%s\n' "$1" | travis_as_root tee "$travis_list" >/dev/null
      ;;
  esac
}

# travis_apt_alias NAME PPA: the short names that the original knew; they are of Ubuntu.
travis_apt_alias() {
  local travis_system=''
  if [[ -r /etc/os-release ]]; then travis_system="$(</etc/os-release)"; fi
  if [[ -n "$2" && $'\n'"$travis_system" == *$'\n'ID=ubuntu* ]]; then
    travis_apt_source "$2" ''
  else
    travis_notice "The source $1 is not known on this machine; its own sources of packages are used."
  fi
}

# travis_apt_install PACKAGE...: those that are not there yet.
travis_apt_install() {
  local travis_package travis_command=''
  local -a travis_missing_packages=()
  for travis_package in "$@"; do
    if [[ "$(dpkg-query -W -f='${db:Status-Status}' "${travis_package%%=*}" 2>/dev/null)" != installed* ||
      "$travis_package" == *=* ]]; then
      travis_missing_packages+=("$travis_package")
    fi
  done
  if [[ ${#travis_missing_packages[@]} -eq 0 ]]; then
    builtin printf 'Already installed: %s\n' "$*"
    return 0
  fi
  travis_command="apt-get install -y --no-install-recommends ${travis_missing_packages[*]}"
  if ! hash apt-get 2>/dev/null; then
    travis_stop "This machine has no apt, which the job asks for: ${travis_missing_packages[*]} (addons.apt)." \
      'It needs a worker with Debian or Ubuntu.'
  elif ! travis_can_be_root; then
    travis_stop "The job is not root on this worker and cannot install: ${travis_missing_packages[*]} (addons.apt)." \
      "Install them on the worker: $travis_command"
  fi
  travis_cmd "travis_as_root apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confnew -o Acquire::Retries=3 -- ${travis_missing_packages[*]}" \
    --echo --timing --assert --retry --display "$travis_command"
}

