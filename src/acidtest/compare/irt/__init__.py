"""Item response theory over tables of scores: what each item asks, what each solver can, on one scale."""
