# Sourced by scripts that need a running platform: start_platform, token ROLE, stop_platform.
# shellcheck shell=bash

# The helder binary: HELDER_BIN, or one built now (profile in HELDER_PROFILE, default dev).
helder_bin() {
  if [ -z "${HELDER_BIN:-}" ]; then
    local profile="${HELDER_PROFILE:-dev}" folder
    cargo build --locked --package helder-cli --profile "$profile" >&2
    folder=$profile
    [ "$profile" = dev ] && folder=debug
    HELDER_BIN="${CARGO_TARGET_DIR:-target}/$folder/helder"
  fi
  export HELDER_BIN
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts a platform on a free port, in DATA (a fresh folder when empty); sets GATEWAY, DATA, PLATFORM_PID.
start_platform() {
  helder_bin
  DATA="${DATA:-$(mktemp -d)}"
  local port
  port=$(free_port)
  GATEWAY="http://127.0.0.1:$port"
  "$HELDER_BIN" up --data "$DATA" --listen "127.0.0.1:$port" >"$DATA.log" 2>&1 &
  PLATFORM_PID=$!
  for _ in $(seq 1 300); do
    if curl -fsS -o /dev/null "$GATEWAY/health/ready" 2>/dev/null; then
      return 0
    fi
    if ! kill -0 "$PLATFORM_PID" 2>/dev/null; then
      break
    fi
    sleep 0.1
  done
  echo "the platform did not become ready; its log:" >&2
  tail -50 "$DATA.log" >&2
  return 1
}

# A token of the given role in a municipality of its own choice.
token() {
  "$HELDER_BIN" token --data "$DATA" --role "$1" --gemeente "${2:-GM0772}"
}

stop_platform() {
  if [ -n "${PLATFORM_PID:-}" ]; then
    kill "$PLATFORM_PID" 2>/dev/null || true
    wait "$PLATFORM_PID" 2>/dev/null || true
    PLATFORM_PID=""
  fi
}
