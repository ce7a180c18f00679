"""What simulators of PMSs share: invented businesses, limits as a PMS enforces them, faults on demand."""
