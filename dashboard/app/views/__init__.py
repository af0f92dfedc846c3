"""The pages. Each has one function `show`, which lays out what the queries return."""
