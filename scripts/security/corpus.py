"""Writes the small seeds of the fuzzer (invented for it)."""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image

CORPUS = Path(__file__).resolve().parent.parent.parent / "tests" / "security" / "corpus"


def main() -> None:
    """Writes them."""
    said = [
        "我是李春梅，电话13800001234，住翠湖里小区3号楼2单元501，去年腊月二十三起拖欠工资三万五千元，一共27个人",
        "编号261123000011 查询码 012345，第3项改成人民路",
        "不是五百是五千，不留姓名，我妈让我来问的",
    ]
    turns = [
        {"speaker": "1", "text": "您好", "start": 0, "end": 900},
        {"speaker": "2", "text": "我要反映", "start": 1000, "end": 2000},
    ]
    files: dict[str, list[bytes]] = {
        "understanding": [s.encode() for s in said],
        "transcripts": [
            "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v 坐席>您好</v>\n".encode(),
            "1\n00:00:01,000 --> 00:00:02,000\n市民：我要反映\n".encode(),
            "坐席：您好\n市民：路灯不亮\n".encode("gb18030"),
            json.dumps(turns).encode(),
            json.dumps({"result": {"Sentences": turns}, "sentences": turns}).encode(),
            ("\n".join(json.dumps(t) for t in turns)).encode(),
        ],
        "numbers": [b"261123000011", b"https://example.cn", b"a.9999999999.b", b"../x.jpg", b"http://[::1"],
    }
    image = Image.frombytes("RGB", (8, 6), bytes(range(144)))
    pictures = []
    for format_ in ("JPEG", "PNG", "WEBP", "GIF"):
        out = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        image.save(out, format_, **({"exif": exif.tobytes()} if format_ != "GIF" else {}))
        pictures.append(out.getvalue())
    files["pictures"] = pictures
    for name, seeds in files.items():
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
        for i, data in enumerate(seeds):
            (CORPUS / name / f"{i:02d}").write_bytes(data)


if __name__ == "__main__":
    main()
