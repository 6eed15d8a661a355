"""Tests of layouts and pictures."""
