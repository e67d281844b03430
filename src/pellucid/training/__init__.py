"""What every engine shares: jobs and runs, random streams, stopping, scores, callbacks and progress."""
