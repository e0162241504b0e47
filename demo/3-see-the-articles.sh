#!/usr/bin/env bash
# What the servers of the articles do, from the recordings kept here: bugs included. demo/recordings/README.md says
# what to look for in each.
set -euo pipefail
# Found before the folder changes: HTTPSYS may be a path from here.
httpsys=$(realpath "$(command -v "${HTTPSYS:-httpsys}" || echo "${HTTPSYS:-httpsys}")")
cd "$(dirname "$0")/recordings"

# ask QUESTION: and go on when Enter is pressed; at once where nobody can.
ask() {
  echo "? $1"
  if [ -t 0 ] && [ -t 1 ]; then read -r _; fi
}

for recording in scratch scratch-leaves simplenet basic cerberus checkpoint1 checkpoint2 checkpoint3 hi-go; do
  echo "=== $recording: httpsys replay demo/recordings/$recording.jsonl"
  ask "$(sed -n "s/^| \`$recording.jsonl\` | \(.*\) | .* |\$/The client: \1. What does the server do, and is it right?/p" README.md)"
  "$httpsys" replay "$recording.jsonl"
  echo
done
