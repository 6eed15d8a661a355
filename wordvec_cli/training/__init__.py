"""Trainers: from a corpus of word ids to vectors."""
