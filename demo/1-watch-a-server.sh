#!/usr/bin/env bash
# A server, three clients, and every call in between. Afterwards: where is the second request's first byte read?
set -euo pipefail
cd "$(dirname "$0")"
httpsys=${HTTPSYS:-httpsys}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$httpsys" serve site --trace --listen 127.0.0.1:0 --max-requests 3 2>"$log" &
server=$!
for _ in $(seq 500); do grep -q '^listening' "$log" && break; sleep 0.02; done
url=$(sed -n 's/^listening on //p' "$log")

"$httpsys" get "${url}hi"                            # a built-in page
"$httpsys" get --split 20 --delay 100 "${url}"        # a request in two pieces: two reads
"$httpsys" get -d 'name=ada' POST "${url}echo"       # a body
wait "$server"
echo
cat "$log"
