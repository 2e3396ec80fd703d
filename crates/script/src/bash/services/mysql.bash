# travis_start_mysql [VERSION]: MariaDB or MySQL, with the users root and travis without a password.
travis_start_mysql() {
  local travis_wanted="${1:-}" travis_server travis_socket travis_have
  local -a travis_user=()
  if travis_runs_already MySQL 3306; then return 0; fi
  if ! travis_find mariadbd /usr/sbin && ! travis_find mysqld /usr/sbin /usr/libexec; then
    travis_service_missing 'MySQL or MariaDB' 'Install the package mariadb-server on the worker.'
  fi
  travis_server="$travis_found"
  travis_have="$("$travis_server" --version 2>/dev/null)"
  if [[ -n "$travis_wanted" && "$travis_have" != *" $travis_wanted"* ]]; then
    travis_notice "This machine has no MariaDB $travis_wanted; the job runs on: $travis_have"
  fi
  travis_service_begin mysql
  travis_socket="$travis_service_home/mysqld.sock"
  if [[ "$EUID" -eq 0 ]]; then travis_user=(--user=root); fi
  if travis_find mariadb-install-db /usr/bin; then
    "$travis_found" --no-defaults "${travis_user[@]}" --datadir="$travis_service_home/data" \
      --auth-root-authentication-method=normal --skip-test-db >"$travis_service_home/install.log" 2>&1
  else
    "$travis_server" --no-defaults "${travis_user[@]}" --initialize-insecure \
      --datadir="$travis_service_home/data" >"$travis_service_home/install.log" 2>&1
  fi
  if travis_socket_place /var/run/mysqld; then
    travis_socket=/var/run/mysqld/mysqld.sock
  else
    export MYSQL_UNIX_PORT="$travis_socket" MYSQL_HOST=127.0.0.1
  fi
  travis_launch "$travis_server" --no-defaults "${travis_user[@]}" --datadir="$travis_service_home/data" \
    --socket="$travis_socket" --pid-file="$travis_service_home/pid" --bind-address=127.0.0.1 --port=3306
  travis_await MySQL 60 travis_answers 3306
  if travis_find mariadb || travis_find mysql; then
    "$travis_found" --no-defaults -u root --socket="$travis_socket" -e \
      "CREATE USER IF NOT EXISTS 'travis'@'%'; GRANT ALL ON *.* TO 'travis'@'%';
       CREATE USER IF NOT EXISTS 'travis'@'localhost'; GRANT ALL ON *.* TO 'travis'@'localhost';" ||
      travis_notice 'The user travis could not be made in MySQL.'
  fi
}

