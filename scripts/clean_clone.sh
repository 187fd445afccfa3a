#!/usr/bin/env bash
# A newcomer's first minutes: clones the project into an empty folder with an empty cache, runs `make serve` and talks to the bot
# until it answers, then stops it with Ctrl-C's signal and checks that it goes quietly.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
log=$work/serve.log
cleanup() { [ -n "${server:-}" ] && kill -INT -- "-$server" 2>/dev/null; sleep 1; rm -rf "$work"; }
trap cleanup EXIT
git clone --quiet "$here" "$work/sufang"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$work/sufang"
XDG_CACHE_HOME="$work/cache" PIP_CACHE_DIR="$work/cache/pip" SUFANG_PORT=$port setsid make serve >"$log" 2>&1 &
server=$!
for _ in $(seq 1 900); do
  if ! kill -0 "$server" 2>/dev/null; then echo "serve ended early:"; tail -n 40 "$log"; exit 1; fi
  if python3 - "$port" <<'EOF'
import json, sys, urllib.request
base = f"http://127.0.0.1:{sys.argv[1]}"
def post(path, body, token=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": "Bearer " + token} if token else {})
    with urllib.request.urlopen(urllib.request.Request(base + path, json.dumps(body).encode(), headers), timeout=30) as r:
        return json.load(r)
try:
    token = post("/chat/session", {})["token"]
    messages = post("/chat/messages", {"id": "1", "text": "物业把我家水停了，说不交物业费就不给水"}, token)["messages"]
except OSError:
    sys.exit(1)
kinds = [(m.get("custom") or {}).get("kind") for m in messages]
print("the bot answered:", kinds)
sys.exit(0 if "advice" in kinds or "ask" in kinds else 2)
EOF
  then
    kill -INT -- "-$server"
    for _ in $(seq 1 30); do kill -0 "$server" 2>/dev/null || { server=; echo "clean clone: serves and stops"; exit 0; }; sleep 1; done
    echo "serve did not stop within 30 s of SIGINT"; exit 1
  fi
  sleep 2
done
echo "the bot did not answer in time:"; tail -n 40 "$log"; exit 1
