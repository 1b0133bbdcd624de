"""Tests of the command `ucimage`."""
