"""`python -m bot COMMAND`, also installed as `sufang`."""

import os

# One text is far too small to be shared between threads: they would only wait for each other, and for the other processes.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from bot.cli import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main())
