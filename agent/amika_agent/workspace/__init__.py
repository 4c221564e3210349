"""The local workspace: the embedded server on 127.0.0.1 that stands in when there is no account."""
