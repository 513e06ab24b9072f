"""What would settle the verdicts that are open: larger studies, simulated from what is known."""
