"""A static, self-contained dashboard of the customer health mart.

`source` reads a warehouse, `queries` names what is read, `clock`, `words` and
`formats` turn values into text, `accounts`, `overview`, `trends`, `metrics` and
`quality` make the views, `svg` draws, `page` renders.
"""
