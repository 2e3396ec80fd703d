travis_start_rabbitmq() {
  if travis_runs_already RabbitMQ 5672; then return 0; fi
  # The packaged program wants to be root or rabbitmq; the one behind it does not.
  compgen -G '/usr/lib/rabbitmq/lib/*/sbin' >/dev/null || hash rabbitmq-server 2>/dev/null ||
    travis_service_missing RabbitMQ 'Install the package rabbitmq-server on the worker.'
  travis_service_begin rabbitmq
  local travis_sbin
  travis_sbin="$(compgen -G '/usr/lib/rabbitmq/lib/*/sbin' | sort -V | tail -n 1)"
  if ! travis_find rabbitmq-server "$travis_sbin"; then travis_found=rabbitmq-server; fi
  if [[ -n "$travis_sbin" ]]; then travis_found="$travis_sbin/rabbitmq-server"; fi
  travis_launch env RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_MNESIA_BASE="$travis_service_home/mnesia" RABBITMQ_LOG_BASE="$travis_service_home" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$travis_service_home/enabled_plugins" \
    RABBITMQ_CONFIG_FILE="$travis_service_home/rabbitmq" "$travis_found"
  travis_await RabbitMQ 90 travis_answers 5672
}

