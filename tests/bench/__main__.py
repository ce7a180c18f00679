"""``python -m tests.bench``: every measurement, one table after the other."""

from tests.bench import calls, changes, memory, overhead, permits, receiving, subscriptions, writes

for bench in (calls, changes, writes, permits, overhead, receiving, subscriptions, memory):
    bench.main()
    print()
