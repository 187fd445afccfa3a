#!/usr/bin/env bash
# Makes .venv from a Python 3.10 and the hashed lock files. Usage: scripts/setup.sh [test]
# Does nothing when the environment already matches the lock files.
set -euo pipefail
cd "$(dirname "$0")/.."
locks=(requirements/run.txt)
[ "${1:-}" = test ] && locks+=(requirements/test.txt requirements/queue.txt requirements/cluster.txt)

works() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1; }

# A python3.10 on PATH may be a shim that does not run, so each candidate is tried by running it.
find_python() {
  local candidate shim
  shim=$(command -v python3.10 || true)  # a pyenv need not lie in HOME: it is also where its shim is
  for candidate in "${PYTHON:-}" python3.10 \
    "$(ls -d {"${PYENV_ROOT:-/nowhere}","${shim%/shims/*}","$HOME/.pyenv"}/versions/3.10.*/bin/python 2>/dev/null | sort -V | tail -n 1)" \
    "$(uv python find 3.10 2>/dev/null || true)"; do
    if [ -n "$candidate" ] && works "$candidate"; then echo "$candidate"; return 0; fi
  done
  if command -v uv >/dev/null 2>&1 && uv python install 3.10 >&2; then
    candidate=$(uv python find 3.10 2>/dev/null || true)
    if [ -n "$candidate" ] && works "$candidate"; then echo "$candidate"; return 0; fi
  fi
  return 1
}

if [ ! -x .venv/bin/python ] || ! works .venv/bin/python; then
  python=$(find_python) || {
    cat >&2 <<'EOF'
没有找到能运行的 Python 3.10（Rasa 3.6 只支持到 3.10）。请先装一个，任选其一，然后再运行一次：
  Debian / Ubuntu：  sudo apt-get install python3.10 python3.10-venv
  uv：               uv python install 3.10
  pyenv：            pyenv install 3.10
装在别处的，用 PYTHON=/路径/python3.10 make serve
No working Python 3.10 (with venv) was found; install one as shown above, or name it: PYTHON=/path/to/python3.10 make serve
EOF
    exit 1
  }
  echo "建立运行环境 .venv（${python}）…" >&2
  rm -rf .venv
  "$python" -m venv .venv
fi

for lock in "${locks[@]}"; do
  name=$(basename "$lock" .txt)
  mark=.venv/.installed-$name
  want=$(cat requirements/run.txt "$lock" | sha256sum | cut -d' ' -f1)
  if [ "$(cat "$mark" 2>/dev/null || true)" != "$want" ]; then
    echo "安装依赖（$lock，第一次需要几分钟）…" >&2
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock" >&2; then
      echo "依赖没有装上。请检查能否连上 Python 软件源（可用 PIP_INDEX_URL 指定镜像），再运行一次；已下载的不会重来。" >&2
      exit 1
    fi
    # Byte code is compiled once here; otherwise every start would compile thousands of modules anew.
    .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
    echo "$want" > "$mark"
  fi
done
if [ ! -x .venv/bin/sufang ]; then
  printf '#!/bin/sh\ncd "%s" && exec "%s" -m bot "$@"\n' "$PWD" "$PWD/.venv/bin/python" > .venv/bin/sufang
  chmod +x .venv/bin/sufang
fi
