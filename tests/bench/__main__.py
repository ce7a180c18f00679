"""``python -m tests.bench``: every measurement, one table after the other."""

from tests.bench import calls, overhead, permits

for bench in (calls, permits, overhead):
    bench.main()
    print()
