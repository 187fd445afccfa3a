"""Custom actions: one class a file, named after the action. Each reads slots, calls one service, utters, returns events."""
