"""What is used from Python by hand: a study that runs from a notebook cell and shows itself there."""
