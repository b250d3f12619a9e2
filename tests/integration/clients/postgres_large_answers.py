"""Asks for many answers of some rows of 4 to 8 KB, each more than one TLS record, with psycopg, which waits for them asynchronously."""

import random
import sys

import psycopg

random.seed(5)
with psycopg.connect("", autocommit=True) as connection:
    for number in range(500):
        rows, size = random.randint(2, 12), random.randint(4000, 8100)
        found = connection.execute(f"select repeat('x', {size}) from generate_series(1, {rows})").fetchall()
        if [len(row[0]) for row in found] != [size] * rows:
            sys.exit(f"answer {number} is not whole")
print("500 answers")
