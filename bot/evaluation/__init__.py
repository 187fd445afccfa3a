"""Measurements on given data. The data stays where it is; nothing of it enters the project."""
