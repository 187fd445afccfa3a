"""Channels carry messages in and out; none knows a petition rule."""
