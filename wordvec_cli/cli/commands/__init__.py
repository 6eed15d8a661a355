"""One file for each command: its options, one call of the library, and what is printed."""
