"""The experiments: one or more for each target of docs/performance.md, in its order."""
from . import clock, collectives, compression, encryption, point_to_point, resources, starting, strangers

EXPERIMENTS = (point_to_point.LATENCY, point_to_point.STREAM, point_to_point.SMALL_UNDER_BULK,
               *collectives.EXPERIMENTS, point_to_point.ONE_HOST, resources.WAITING, resources.WEIGHT,
               compression.COMPRESSION, encryption.ENCRYPTION, strangers.STRANGERS, starting.STARTING, clock.CLOCK)
