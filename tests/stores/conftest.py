"""Both databases."""

from databases import cases, chat, engine, keys, log, url  # noqa: F401
