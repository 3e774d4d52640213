"""Naive float64 numpy oracles, one equation a file, written from the formulas alone.

Every oracle loops over persons, RoIs and joints and handles one scalar or one small vector at a
time, so that it can be compared with the printed equation line by line.
"""
