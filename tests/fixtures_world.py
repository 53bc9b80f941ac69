"""HQ and boxes as real processes on real sockets: started, killed, started again, never left behind."""
