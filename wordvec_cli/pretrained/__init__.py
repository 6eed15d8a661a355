"""Vectors that others have trained: what is to be had, downloading it, and where it is kept."""
