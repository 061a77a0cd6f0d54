"""Who takes part: each candidate is a function that does one job in the way that its library's documents show."""
