"""Studies: one case run many times with values replaced, on this machine or a cluster, into one folder."""
