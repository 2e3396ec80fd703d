#!/bin/bash
# Stands for sudo on a worker whose jobs are not root: runs commands as the job's user, and says
# what that means where it matters.
say() { printf '\033[33;1m%s\033[0m\n' "$1" >&2; }

while [[ $# -gt 0 ]]; do
  case "$1" in
    --) shift; break ;;
    -u | -g | -p | -C | -D | -R | -T | -U | -h | -r | -t) shift 2 || shift ;;
    -k | -K | -v | -l | --validate | --list | --reset-timestamp | --remove-timestamp) exit 0 ;;
    -s | -i | --shell | --login) if [[ $# -eq 1 ]]; then set -- bash; else shift; fi ;;
    -*) shift ;;
    [A-Za-z_]*=*) export "${1?}"; shift ;;
    *) break ;;
  esac
done
if [[ $# -eq 0 ]]; then
  say 'sudo was given no command.'
  exit 1
fi

# The packages that are asked for, and those that are not there.
asked=() missing=()
find_missing() {
  local word
  for word in "$@"; do
    if [[ "$word" != -* ]]; then asked+=("$word"); fi
    case "$word" in
      -*) ;;
      *.deb) missing+=("$word") ;;
      *)
        word="${word%%[=/]*}"
        if [[ "$(dpkg-query -W -f='${db:Status-Status}' "$word" 2>/dev/null)" != installed* ]]; then missing+=("$word"); fi
        ;;
    esac
  done
}

# The first word that is no option, and the words after it.
action='' rest=()
for word in "${@:2}"; do
  case "$word" in
    -*) if [[ -n "$action" ]]; then rest+=("$word"); fi ;;
    *) if [[ -z "$action" ]]; then action="$word"; else rest+=("$word"); fi ;;
  esac
done

case "${1##*/}" in
  apt-get | apt | aptitude)
    case "$action" in
      install)
        find_missing "${rest[@]}"
        if [[ ${#missing[@]} -gt 0 ]]; then
          say "Jobs are not root on this worker and cannot install: ${missing[*]}. Install them on the worker: apt-get install ${missing[*]}"
          exit 100
        fi
        printf 'Already installed: %s\n' "${asked[*]}"
        exit 0
        ;;
      update | upgrade | dist-upgrade | full-upgrade | remove | purge | autoremove | clean | autoclean | build-dep)
        say "Not done, since jobs are not root on this worker: $*. Its packages are used as they are."
        exit 0
        ;;
    esac
    ;;
  add-apt-repository | apt-add-repository | apt-key)
    say "Not done, since jobs are not root on this worker: $*. Its packages are used as they are."
    # What is piped to it is read, so that the one who writes does not fail.
    if [[ "${*: -1}" == - ]]; then cat >/dev/null; fi
    exit 0
    ;;
  service | systemctl | invoke-rc.d)
    name="$action" doing="${rest[*]:0:1}"
    if [[ "${1##*/}" == systemctl ]]; then name="$doing" doing="$action"; fi
    ;;
esac
if [[ "$1" == /etc/init.d/* ]]; then name="${1##*/}" doing="$action"; fi
case "${doing:-}" in
  stop | disable | mask | daemon-reload)
    say "Not done, since jobs are not root on this worker and their services are their own: $*"
    exit 0
    ;;
  start | restart | reload | enable)
    name="${name%.service}"
    if [[ -d "$HOME/.travis/services/${name%-server}" ]]; then
      printf 'The service %s runs.\n' "$name"
      exit 0
    fi
    say "Jobs are not root on this worker and cannot start its services. Ask for $name by the key services of .travis.yml."
    exit 1
    ;;
esac

"$@"
status=$?
if [[ "$status" -ne 0 ]]; then say "This ran as $(id -un), since jobs are not root on this worker: $*"; fi
exit "$status"
