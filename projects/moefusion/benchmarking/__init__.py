"""What tools/benchmark.py measures: time, memory, size, and waiting for data."""
from .complexity import count_parts
from .fusion_time import time_fusion
from .inference import time_inference
from .peak_memory import peak_memory
from .timing import Timings, time_interleaved
from .training import time_data, time_training

__all__ = [
    'Timings', 'count_parts', 'peak_memory', 'time_data', 'time_fusion', 'time_inference',
    'time_interleaved', 'time_training'
]
