# Sourced: start_s3 starts a throw-away S3 server (moto) on a free port with one bucket, and sets HELDER_TEST_S3_URL and the
# AWS_… variables that lead there; stop_s3 ends it.
# shellcheck shell=bash
. scripts/lib/python.sh

S3_PID=""
S3_LOG=""

s3_installed() {
  (python_env s3 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5) >&2
}

# Whoever has no way out any more called s3_installed before.
start_s3() {
  local port
  if [ -z "${OWN_NETWORK:-}" ] && ! s3_installed; then
    return 1
  fi
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  S3_LOG=$(mktemp)
  .venv/s3/bin/moto_server -H 127.0.0.1 -p "$port" >"$S3_LOG" 2>&1 &
  S3_PID=$!
  for _ in $(seq 1 150); do
    if curl -fsS -o /dev/null -X PUT "http://127.0.0.1:$port/helder-test" 2>/dev/null; then
      export AWS_ENDPOINT="http://127.0.0.1:$port" AWS_ALLOW_HTTP=true AWS_REGION=us-east-1
      export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
      export HELDER_TEST_S3_URL="s3://helder-test"
      return 0
    fi
    kill -0 "$S3_PID" 2>/dev/null || break
    sleep 0.2
  done
  tail -20 "$S3_LOG" >&2
  stop_s3
  return 1
}

stop_s3() {
  if [ -n "$S3_PID" ]; then
    kill "$S3_PID" 2>/dev/null || true
    wait "$S3_PID" 2>/dev/null || true
    rm -f "$S3_LOG"
    S3_PID=""
  fi
}
