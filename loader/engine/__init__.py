"""From a diff to recorded rows, whatever the destination is."""
