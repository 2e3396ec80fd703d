# travis_setup_postgresql [VERSION]: for the job's own commands.
travis_setup_postgresql() {
  travis_start_postgresql "$@"
}

# travis_start_postgresql [VERSION]: without a password, with the superusers postgres, travis and
# the job's own.
travis_start_postgresql() {
  local travis_wanted="${1:-}" travis_bin='' travis_candidate travis_have travis_socket=/var/run/postgresql travis_role
  if travis_runs_already PostgreSQL 5432; then return 0; fi
  while read -r travis_candidate; do
    if [[ -x "$travis_candidate/postgres" ]]; then travis_bin="$travis_candidate"; fi
  done < <(compgen -G '/usr/lib/postgresql/*/bin' | sort -V)
  if [[ -n "$travis_wanted" && -x "/usr/lib/postgresql/$travis_wanted/bin/postgres" ]]; then
    travis_bin="/usr/lib/postgresql/$travis_wanted/bin"
  fi
  if [[ -z "$travis_bin" ]] && travis_candidate="$(type -P postgres)" && [[ -x "${travis_candidate%/*}/initdb" ]]; then
    travis_bin="${travis_candidate%/*}"
  fi
  if [[ -z "$travis_bin" ]]; then
    travis_service_missing "PostgreSQL${travis_wanted:+ $travis_wanted}" "Install the package postgresql${travis_wanted:+-$travis_wanted} on the worker."
  fi
  travis_have="$("$travis_bin/postgres" --version)"
  travis_have="${travis_have##*PostgreSQL) }"
  if [[ -n "$travis_wanted" && "${travis_have%% *}" != "$travis_wanted" && "${travis_have%% *}" != "$travis_wanted".* ]]; then
    travis_notice "This machine has no PostgreSQL $travis_wanted; the job runs on PostgreSQL ${travis_have%% *}."
  fi
  travis_service_begin postgresql
  # It refuses to run as root.
  local -a travis_as=()
  if [[ "$EUID" -eq 0 ]]; then
    if ! hash setpriv 2>/dev/null; then travis_stop 'PostgreSQL does not run as root, and this machine has no setpriv.'; fi
    chmod o+x "$HOME" "$HOME/.travis" "$HOME/.travis/services"
    chown 65534:65534 "$travis_service_home"
    travis_as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  fi
  if ! travis_socket_place "$travis_socket" || ! "${travis_as[@]}" test -w "$travis_socket" || [[ "$HOME" == /tmp/* ]]; then
    travis_socket="$travis_service_home"
    export PGHOST=127.0.0.1
  fi
  if ! "${travis_as[@]}" "$travis_bin/initdb" -D "$travis_service_home/data" -U postgres -A trust -E UTF8 \
    --locale=C --no-sync >"$travis_service_home/initdb.log" 2>&1; then
    tail -n 20 "$travis_service_home/initdb.log"
    travis_stop 'PostgreSQL could not make its data directory.'
  fi
  travis_launch "${travis_as[@]}" "$travis_bin/postgres" -D "$travis_service_home/data" -k "$travis_socket" \
    -c listen_addresses=127.0.0.1 -c fsync=off -p 5432
  travis_await PostgreSQL 60 "$travis_bin/psql" -h 127.0.0.1 -U postgres -c 'SELECT 1'
  for travis_role in travis "$(id -un 2>/dev/null)"; do
    if [[ "$travis_role" =~ ^[a-z_][a-z0-9_]*$ && "$travis_role" != postgres ]]; then
      "$travis_bin/psql" -q -h 127.0.0.1 -U postgres -c "CREATE ROLE $travis_role SUPERUSER LOGIN" >/dev/null 2>&1 || :
    fi
  done
  if ! hash psql 2>/dev/null; then export PATH="$PATH:$travis_bin"; fi
}

