"""The outcome of look-ups when network and server are hostile: table, run and page.

`table` says what contract.md promises of each fault, `run` lets a server of raw sockets
commit it on a real look-up, and `page` writes docs/reliability.md of what was seen.
"""
