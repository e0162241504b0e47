#!/usr/bin/env bash
# Makes the recordings in demo/recordings again: each server of demo/servers under `httpsys trace`, and a client.
#
#   demo/record.sh FOLDER-OF-SERVERS [NAME...]
#
# FOLDER-OF-SERVERS holds the built programs (cargo build --examples; go build demo/servers/hi.go): copy them to a
# folder of their own, for its path stands in the recordings. Needs curl and httpsys (or HTTPSYS=path) in PATH.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
httpsys=${HTTPSYS:-httpsys}
folder=${1:?usage: demo/record.sh FOLDER-OF-SERVERS [NAME...]}
shift
cd "$folder"

# record NAME PROGRAM CLIENT...: traces the program, waits until it listens, runs the client, ends it.
record() {
  local name=$1 program=$2
  shift 2
  local file=$here/recordings/$name.jsonl
  rm -f "$file"
  RUST_BACKTRACE=0 "$httpsys" trace -o /dev/null --record "$file" -- "./$program" >/dev/null 2>&1 &
  local tracer=$!
  for _ in $(seq 500); do
    grep -qs '"call":"listen"' "$file" && break
    sleep 0.02
  done
  sleep 0.2
  "$@" >/dev/null 2>&1 || true
  sleep 0.3
  kill -TERM "$tracer" 2>/dev/null || true
  wait "$tracer" 2>/dev/null || true
  echo "$name: $(wc -l <"$file") lines"
}

# A client that connects and leaves without a word.
leave() { exec 9<>"/dev/tcp/127.0.0.1/$1" && exec 9>&-; }
echo_10() { exec 9<>"/dev/tcp/127.0.0.1/$1" && printf 'GET /x\r\n\r\n' >&9 && cat <&9; }
json() { curl -sm1 -H 'Content-Type: application/json' -d '{"hello":"world"}' "http://127.0.0.1:$1/api"; curl -sm1 "http://127.0.0.1:8010/metrics"; }

all=(scratch scratch-leaves simplenet basic cerberus checkpoint1 checkpoint2 checkpoint3 hi-go)
for name in "${@:-${all[@]}}"; do
  case $name in
    scratch) record "$name" scratch_server curl -sm1 http://127.0.0.1:8080/hello ;;
    scratch-leaves) record "$name" scratch_server leave 8080 ;;
    simplenet) record "$name" simplenet curl -sm1 -d abcde http://127.0.0.1:8080/ ;;
    basic) record "$name" basic_server echo_10 8081 ;;
    cerberus) record "$name" cerberus json 8000 ;;
    checkpoint1) record "$name" checkpoint1 leave 8000 ;;
    checkpoint2) record "$name" checkpoint2 curl -sm1 http://127.0.0.1:8000/ ;;
    checkpoint3) record "$name" checkpoint3 "$httpsys" get --split 20 --delay 50 :8000/ ;;
    hi-go) record "$name" hi curl -sm1 http://127.0.0.1:8081/hi http://127.0.0.1:8081/hi ;;
    *) echo "no recording is called $name; there are: ${all[*]}" >&2; exit 2 ;;
  esac
done
