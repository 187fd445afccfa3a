"""`python -m benchmarks`."""

from benchmarks.side_by_side import main

raise SystemExit(main())
