#!/usr/bin/env bash
# Makes the recordings in demo/recordings again: each server of demo/servers under `httpsys trace`, and a client.
#
#   demo/record.sh FOLDER-OF-SERVERS [NAME...]
#
# FOLDER-OF-SERVERS holds the built programs (cargo build --examples; go build demo/servers/hi.go): copy them to a
# folder of their own, for its path stands in the recordings. Needs curl, python3 and httpsys (or HTTPSYS=path) in PATH.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
httpsys=$(realpath "$(command -v "${HTTPSYS:-httpsys}" || echo "${HTTPSYS:-httpsys}")")
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

# ask BYTES...: sends them on connection 9, each a moment after the one before, and reads the answer's first line.
ask() {
  # Through cat: the shell's own printf writes line by line.
  for piece in "$@"; do sleep 0.2; printf "$piece" | cat >&9; done
  timeout 1 head -n 1 <&9 || true
}

# Our own server, and three connections one after the other: two requests on the first, one in two pieces on the second.
three_connections() {
  local file=$here/recordings/three-connections.jsonl log
  log=$(mktemp)
  "$httpsys" serve "$here/site" --io epoll -l 127.0.0.1:0 --max-requests 4 --canonical --trace --record "$file" 2>"$log" &
  local server=$!
  for _ in $(seq 500); do grep -q '^listening' "$log" && break; sleep 0.02; done
  local port
  port=$(sed -n 's/^listening on .*:\([0-9]*\).*/\1/p' "$log")
  local host="Host: 127.0.0.1:$port\r\n"
  exec 9<>"/dev/tcp/127.0.0.1/$port"
  ask "GET /hi HTTP/1.1\r\n$host\r\n"
  ask "POST /echo HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello"
  exec 9>&-
  sleep 0.2
  exec 9<>"/dev/tcp/127.0.0.1/$port"
  ask "GET /sty" "le.css HTTP/1.1\r\n${host}Cookie: id=1234\r\n\r\n"
  exec 9>&-
  sleep 0.2
  exec 9<>"/dev/tcp/127.0.0.1/$port"
  ask "GET /nothing HTTP/1.1\r\n$host\r\n"
  exec 9>&-
  wait "$server"
  rm -f "$log"
  echo "three-connections: $(wc -l <"$file") lines"
}

# A server that counts letters where bytes are meant.
wrong_length() {
  local file=$here/recordings/wrong-length.jsonl
  cat >wrong.py <<'PYTHON'
import socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.recv(4096)
body = "h\u00e9llo\n"
client.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
client.close()
PYTHON
  "$httpsys" trace -o /dev/null --record "$file" -- python3 wrong.py >wrong.out 2>/dev/null &
  local tracer=$!
  for _ in $(seq 500); do [ -s wrong.out ] && break; sleep 0.02; done
  sleep 0.2
  curl -sm1 "http://127.0.0.1:$(cat wrong.out)/" >/dev/null || true
  wait "$tracer" || true
  echo "wrong-length: $(wc -l <"$file") lines"
}

all=(scratch scratch-leaves simplenet basic cerberus checkpoint1 checkpoint2 checkpoint3 hi-go three-connections wrong-length)
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
    three-connections) three_connections ;;
    wrong-length) wrong_length ;;
    *) echo "no recording is called $name; there are: ${all[*]}" >&2; exit 2 ;;
  esac
done
