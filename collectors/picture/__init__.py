"""Pictures: fetched, judged in worker processes, and dropped; what is left is numbers.

`taker` takes a look, `pool` keeps the workers, and `worker` is the process that decodes and measures. No picture leaves
these processes, and none is written anywhere. Nothing is imported here: a worker should hold only what it needs.
"""
