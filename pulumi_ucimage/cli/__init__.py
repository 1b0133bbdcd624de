"""The `ucimage` command: tags, verdicts, pins and settings at a terminal."""
