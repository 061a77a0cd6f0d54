"""The candidates: each is a function that runs a job in the way that the documentation of its library shows."""
