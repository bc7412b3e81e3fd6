"""A worker process that reads what strangers sent, and can do nothing else.

`client.py` is the parent's side, `worker.py` the child's, `frames.py` the bytes between them, `confinement.py` what the
child gives up before it reads anything: files (Landlock), system calls (seccomp), its user, memory, its parent's life.
"""
