"""The endpoints of the server: one small class per kind of object, over common base classes."""
