"""``python -m tests.bench``: every measurement, one table after the other."""

from tests.bench import calls, changes, memory, overhead, permits, receiving

for bench in (calls, changes, permits, overhead, receiving, memory):
    bench.main()
    print()
