#!/bin/sh
# A text to its fused ranking, by curl and jq alone:
#   sunwi index --engine opensearch --with hybrid > request.json
#   SUNWI_OPENSEARCH_URL=http://127.0.0.1:9200 sh hybrid_search.sh request.json "질문"
set -eu
jq --arg text "$2" 'walk(if . == "${TEXT}" then $text else . end)' "$1" |
  curl --silent --show-error --fail-with-body --json @- "$SUNWI_OPENSEARCH_URL/${3:-sunwi-hybrid}/_search" |
  jq --raw-output '.hits.hits[] | [._id, ._score, ._source.content[0:60]] | @tsv'
