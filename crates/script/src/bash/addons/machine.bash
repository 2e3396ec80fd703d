# ---- functions of the addons hosts, hostname, ssh_known_hosts -------------

# travis_hosts NAME...: names of the loopback.
travis_hosts() {
  local travis_name
  local -a travis_unknown=()
  for travis_name in "$@"; do
    case "$(getent hosts "$travis_name" 2>/dev/null)" in
      127.* | ::1*) ;;
      *) travis_unknown+=("$travis_name") ;;
    esac
  done
  if [[ ${#travis_unknown[@]} -eq 0 ]]; then return 0; fi
  if ! builtin printf '127.0.0.1 %s\n' "${travis_unknown[@]}" | travis_as_root tee -a /etc/hosts >/dev/null 2>&1; then
    travis_notice "The job may not change /etc/hosts on this worker; not added: ${travis_unknown[*]} (addons.hosts)."
  fi
}

travis_hostname() {
  if ! travis_as_root hostname "$1" 2>/dev/null; then
    travis_notice "The job may not change the name of this machine to $1 (addons.hostname)."
  fi
}

# travis_ssh_known_host HOST[:PORT]
travis_ssh_known_host() {
  travis_expand "$1"
  local travis_host="$travis_expanded" travis_port=22
  if [[ "$travis_host" =~ ^([^:]+):([0-9]+)$ ]]; then
    travis_host="${BASH_REMATCH[1]}" travis_port="${BASH_REMATCH[2]}"
  fi
  if [[ ! "$travis_host" =~ ^[A-Za-z0-9:][A-Za-z0-9.:_-]*$ ]]; then
    travis_notice "Not the name of a host: $1 (addons.ssh_known_hosts)."
    return 0
  fi
  if ! hash ssh-keyscan 2>/dev/null; then
    travis_notice "This machine has no ssh-keyscan; the key of $travis_host is not known (package openssh-client)."
    return 0
  fi
  mkdir -p "$HOME/.ssh" && chmod 700 "$HOME/.ssh"
  builtin printf '$ ssh-keyscan -H -p %s %s >> ~/.ssh/known_hosts\n' "$travis_port" "$travis_host"
  if ! ssh-keyscan -T 10 -H -p "$travis_port" "$travis_host" >>"$HOME/.ssh/known_hosts" 2>/dev/null; then
    travis_notice "The key of $travis_host could not be fetched."
  fi
}

# travis_browser NAME ADVICE PROGRAM...: the machine's is used.
travis_browser() {
  local travis_name="$1" travis_advice="$2" travis_program
  shift 2
  for travis_program in "$@"; do
    if hash "$travis_program" 2>/dev/null; then
      if [[ "$travis_name" == Chrome ]]; then export CHROME_BIN="${CHROME_BIN:-$(type -P "$travis_program")}"; fi
      travis_cmd "$travis_program --version" --echo
      return 0
    fi
  done
  travis_notice "This machine has no $travis_name. $travis_advice"
}

