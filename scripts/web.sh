#!/usr/bin/env bash
# The sources of the citizen's page: deps (installs what building and browser tests need), build, check (the committed build is the build).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root/web"
case "${1:-}" in
deps) npm ci --ignore-scripts --no-audit --no-fund ;;
build) npm run --silent build ;;
check)
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
  SUFANG_WEB_OUT="$out" npm run --silent build >"$out.log" 2>&1 || { cat "$out.log"; exit 1; }
  diff -r "$out" "$root/bot/channels/static" || { echo "the committed build is not the build of the sources: scripts/web.sh build" >&2; exit 1; }
  ;;
*) echo "usage: scripts/web.sh deps|build|check" >&2; exit 2 ;;
esac
