"""What a customer is told of its own usage: one static page for each account, and its data beside it.

`queries` reads the marts, `data` groups rows by account, `words` says them to a customer, `sections` and `missing` make
what the page shows, `charts` draws, `page` renders, `files` writes, `run` does it for many, `cli` is the command. Never
here: scores, colors, weights, signals, revenue, managers, other accounts.
"""
