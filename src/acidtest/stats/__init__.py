"""Arrays in, estimates out: a small library of its own."""
