"""Seeds and a generator become candidate items; exactly N good ones are kept."""
