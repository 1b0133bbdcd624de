"""Tests that need the engine, Go, Node or a package registry, or take seconds."""
