"""More than one ability: several dimensions at once, or one scale for each topic."""
