"""Does the model hold: curves, pairs of items, and the number of abilities, each against simulated tables."""
