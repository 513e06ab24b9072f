"""How difficult an item will be, read off its text before anyone answers it."""
