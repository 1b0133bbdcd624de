"""Tests of the functions in programs."""
