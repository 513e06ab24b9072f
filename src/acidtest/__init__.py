"""acidtest tells whether a synthetic benchmark can stand in for a real one."""
