"""A simulated city: its inventory, and its devices as real HTTP servers on loopback.

It knows the domain's words but nothing of `collectors`: a simulator that shares the parser would prove only that the
parser agrees with itself. All that it makes follows from a seed; names of units, companies and contracts are invented.
"""
