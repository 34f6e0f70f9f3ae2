"""What the two documents that schools know describe, row by row: S1 (Charlemagne), S4 (SCONET absences)."""
