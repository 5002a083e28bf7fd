"""A chart as plain data for engines: classes of readings, what each class gives, and the rules of levels."""
