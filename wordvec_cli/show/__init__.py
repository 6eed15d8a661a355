"""Vectors to be looked at: layouts of words in the plane, and pictures of them, of scores and of trainings."""
