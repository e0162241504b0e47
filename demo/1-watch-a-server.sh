#!/usr/bin/env bash
# A server, three clients, and every call in between.
set -euo pipefail
# Found before the folder changes: HTTPSYS may be a path from here.
httpsys=$(realpath "$(command -v "${HTTPSYS:-httpsys}" || echo "${HTTPSYS:-httpsys}")")
cd "$(dirname "$0")"

# ask QUESTION: and go on when Enter is pressed; at once where nobody can.
ask() {
  echo "? $1"
  if [ -t 0 ] && [ -t 1 ]; then read -r _; fi
}

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
ask "One of the three requests came in two pieces. Where is its first byte read, and what does the server do then?"
cat "$log"
