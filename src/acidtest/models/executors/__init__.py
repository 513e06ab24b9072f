"""Where models live: in this process, or in worker processes on a Ray cluster."""
