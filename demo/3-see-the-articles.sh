#!/usr/bin/env bash
# What the servers of the articles do, from the recordings kept here: bugs included. demo/recordings/README.md says
# what to look for in each.
set -euo pipefail
cd "$(dirname "$0")/recordings"
httpsys=${HTTPSYS:-httpsys}

for recording in scratch scratch-leaves simplenet basic cerberus checkpoint1 checkpoint2 checkpoint3 hi-go; do
  echo "=== $recording: httpsys replay demo/recordings/$recording.jsonl"
  "$httpsys" replay "$recording.jsonl"
  echo
done
