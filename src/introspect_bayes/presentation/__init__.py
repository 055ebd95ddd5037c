"""What people read: numbers, tables, panels, plots and progress, for whatever is found."""
