"""The prompts, every one a versioned file."""
