#!/usr/bin/env bash
# Somebody else's server: python's http.server under `httpsys trace`. It accepts in one thread and reads in another.
set -euo pipefail
# Found before the folder changes: HTTPSYS may be a path from here.
httpsys=$(realpath "$(command -v "${HTTPSYS:-httpsys}" || echo "${HTTPSYS:-httpsys}")")
cd "$(dirname "$0")/site"

# ask QUESTION: and go on when Enter is pressed; at once where nobody can.
ask() {
  echo "? $1"
  if [ -t 0 ] && [ -t 1 ]; then read -r _; fi
}
python=$(python3 -c 'import sys; print(sys.executable)')

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$httpsys" trace -o "$folder/trace" -- "$python" -u -m http.server --bind 127.0.0.1 0 >"$folder/out" 2>&1 &
tracer=$!
for _ in $(seq 500); do grep -q 'http://' "$folder/out" && break; sleep 0.02; done
url=$(sed -n 's/.*(\(http:[^)]*\)).*/\1/p' "$folder/out")

"$httpsys" get "$url" >/dev/null
"$httpsys" get "${url}nowhere" >/dev/null
kill -TERM "$tracer"
wait "$tracer" || true                               # as the program ended
ask "Which thread accepts, and which one reads?"
cat "$folder/trace"
