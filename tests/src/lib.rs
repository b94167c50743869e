//! Journeys end to end, on real processes: see `tests/`. There is no code here.
