"""Columns of tables as lines of text: a module for each format, and the stream that a corpus reads them from."""
