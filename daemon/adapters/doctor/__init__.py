"""What ``condord doctor`` reads of program, host and service; nothing here changes anything."""
