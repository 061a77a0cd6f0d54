"""What docs/make_reference.py is made of."""
