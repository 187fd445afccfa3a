#!/usr/bin/env bash
# Everything that `make security` does, with honest counts. Reports go to var/security. RUNS: inputs per target (default 112,000: a million in all).
set -uo pipefail
cd "$(dirname "$0")/../.."
PY=.venv/bin/python
OUT=var/security
mkdir -p "$OUT"
failed=0
step() { echo "== $1" >&2; shift; "$@" || { echo "   failed" >&2; failed=1; }; }

step "security tests" $PY -m pytest tests/security tests/stores -q
step "fuzzing (${RUNS:-112000} inputs a target)" bash -c "$PY scripts/security/fuzz.py --runs ${RUNS:-112000} | tee $OUT/fuzz.json"
step "licences" bash -c "$PY scripts/security/licences.py requirements/run.txt > $OUT/licences.txt"
step "bill of materials" bash -c "$PY scripts/security/sbom.py requirements/run.txt > $OUT/sbom.json"
step "secrets" $PY scripts/security/secrets_scan.py

# Schemathesis lives in an environment of its own. It fuzzes the desk's interface by its OpenAPI document, once for each role and token. EXAMPLES: inputs per operation.
FUZZ="$PWD/$OUT/fuzz-env"
[ -x "$FUZZ/bin/schemathesis" ] || { $PY -m venv "$FUZZ" && "$FUZZ/bin/pip" install -q -r requirements/fuzz.in; } >/dev/null 2>&1
if [ -x "$FUZZ/bin/schemathesis" ]; then
    step "the desk's interface (${EXAMPLES:-50} inputs an operation and role)" \
        bash -o pipefail -c "$PY scripts/fuzz_desk.py --schemathesis $FUZZ/bin/schemathesis --examples ${EXAMPLES:-50} > $OUT/fuzz-desk.txt"
else
    echo "== the desk's interface: not fuzzed, schemathesis could not be installed" >&2
fi

# pip-audit needs one too; it is told from a skip whether an advisory source answered at all.
echo "== known vulnerabilities" >&2
[ -x "$OUT/audit/bin/pip-audit" ] || { python3 -m venv "$OUT/audit" && "$OUT/audit/bin/pip" install -q pip-audit==2.10.1; } >/dev/null 2>&1
if [ -x "$OUT/audit/bin/pip-audit" ]; then
    timeout 600 "$OUT/audit/bin/pip-audit" -r requirements/run.txt --no-deps --disable-pip -f json -o "$OUT/audit.json" >/dev/null 2>"$OUT/audit.err"
fi
$PY - "$OUT/audit.json" <<'PYTHON' | tee "$OUT/audit.txt"
import json
import sys
from pathlib import Path

path = Path(sys.argv[1])
rows = json.loads(path.read_text())["dependencies"] if path.is_file() else []
looked = [r for r in rows if "vulns" in r]
bad = [(r["name"], r["version"], [v["id"] for v in r["vulns"]]) for r in looked if r["vulns"]]
if not looked:
    print("not audited: no advisory source answered")
else:
    print(f"{len(looked)} of {len(rows)} packages audited, {len(bad)} with advisories; see docs/supply-chain.md for what does not reach us")
    for line in bad:
        print(*line)
PYTHON
exit $failed
