"""The conversation: what was said becomes a draft, the draft says what is still missing."""
