"""How few items would do, and which: small tests, judged by solvers that were left out."""
