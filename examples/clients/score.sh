#!/bin/sh
# Scores a set and a file over HTTP with curl:   sh examples/clients/score.sh http://127.0.0.1:8311 [KEY]
set -eu
base=$1
key=${2:-none-needed-on-loopback}

curl --fail-with-body --silent --show-error "$base/v1/charts/news2/score" \
  -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
  -d '{"respiratory_rate": 21, "oxygen_saturation": 93, "air_or_oxygen": "air", "systolic_bp": 120,
       "heart_rate": 95, "consciousness": "alert", "temperature": 37.5}'
echo

printf 'respiratory_rate,temperature\n21,37.5\n12,36.6\n' |
  curl --fail-with-body --silent --show-error "$base/v1/charts/news2/score-many" \
    -H "Authorization: Bearer $key" -H 'Content-Type: text/csv' --data-binary @-
