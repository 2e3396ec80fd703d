travis_start_elasticsearch() {
  if travis_runs_already Elasticsearch 9200; then return 0; fi
  travis_find elasticsearch /usr/share/elasticsearch/bin ||
    travis_service_missing Elasticsearch 'Install the package elasticsearch (of elastic.co) on the worker.'
  travis_service_begin elasticsearch
  travis_launch env ES_JAVA_OPTS="${ES_JAVA_OPTS:--Xms512m -Xmx512m}" "$travis_found" \
    -Epath.data="$travis_service_home/data" -Epath.logs="$travis_service_home/logs" \
    -Ediscovery.type=single-node -Enetwork.host=127.0.0.1 -Ehttp.port=9200
  travis_await Elasticsearch 120 travis_answers 9200
}

