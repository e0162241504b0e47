#!/usr/bin/env bash
# Good, odd and bad requests: each as it is written down, a question, and then byte by byte.
set -uo pipefail
# Found before the folder changes: HTTPSYS may be a path from here.
httpsys=$(realpath "$(command -v "${HTTPSYS:-httpsys}" || echo "${HTTPSYS:-httpsys}")")
cd "$(dirname "$0")/requests"

# ask QUESTION: and go on when Enter is pressed; at once where nobody can.
ask() {
  echo "? $1"
  if [ -t 0 ] && [ -t 1 ]; then read -r _; fi
}

for request in *.http; do
  echo "--- $request: httpsys parse --escapes demo/requests/$request"
  cat "$request"
  ask "What is wrong with it, if anything?"
  "$httpsys" parse --escapes "$request"
  echo "--- exit status $?"
  echo
done
