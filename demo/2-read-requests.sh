#!/usr/bin/env bash
# Good, odd and bad requests, byte by byte. Before each picture: what will be wrong with it?
set -uo pipefail
cd "$(dirname "$0")/requests"
httpsys=${HTTPSYS:-httpsys}

for request in *.http; do
  echo "--- $request"
  "$httpsys" parse --escapes "$request"
  echo "--- exit status $?"
  echo
done
