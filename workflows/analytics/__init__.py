"""What runs come to: counted from run events alone, rolled up by the hour, read as figures, exported as a log."""
