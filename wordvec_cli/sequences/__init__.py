"""Ids of words: a corpus as word ids, and which words stand near which."""
