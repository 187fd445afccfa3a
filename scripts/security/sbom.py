"""A bill of materials of the served process as CycloneDX 1.5 JSON, from the hashed lock: names, versions, hashes, licences.

python scripts/security/sbom.py requirements/run.txt > sbom.json
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from licences import licence


def components(text: str) -> list[dict[str, object]]:
    """One component a locked package."""
    out: list[dict[str, object]] = []
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text):
        m = re.match(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", block)
        if m:
            name, version = m[1].lower().replace("_", "-"), m[2]
            hashes = sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
            out.append(
                {
                    "type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}", "bom-ref": f"{name}@{version}",
                    "licenses": [{"license": {"name": licence(name) or "unknown"}}],
                    "properties": [{"name": "sufang:allowed-sha256", "value": h} for h in hashes],
                }
            )  # fmt: skip
    return out


def main(path: Path) -> int:
    """Prints it; the serial number follows from the lock, so the same lock gives the same bill."""
    text = path.read_text(encoding="utf-8")
    bill = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}",
        "metadata": {"component": {"type": "application", "name": "sufang", "bom-ref": "sufang"}},
        "components": components(text),
    }  # fmt: skip
    print(json.dumps(bill, ensure_ascii=False, indent=1))
    return 0 if bill["components"] else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
