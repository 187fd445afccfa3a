"""`python -m bot COMMAND`, also installed as `sufang`."""

from bot.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
