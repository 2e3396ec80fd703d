travis_start_redis() {
  if travis_runs_already Redis 6379; then return 0; fi
  hash redis-server 2>/dev/null || travis_service_missing Redis 'Install the package redis-server on the worker.'
  travis_service_begin redis
  travis_launch redis-server --bind 127.0.0.1 --port 6379 --dir "$travis_service_home" --save ''
  travis_await Redis 30 travis_redis_pings
}

travis_redis_pings() {
  (
    exec 3<>/dev/tcp/127.0.0.1/6379 && builtin printf 'PING\r\n' >&3 &&
      read -r -t 2 -u 3 travis_line && [[ "$travis_line" == +PONG* ]]
  ) 2>/dev/null
}

