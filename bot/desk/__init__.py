"""The desk of the staff: a page and the same thing for programs."""
