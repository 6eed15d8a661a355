"""Every file that wordvec reads, damaged in every way, before every command that reads it.

A case is a kind of file and a number: they decide what is damaged and how, and which command reads it. It fails if the
command is killed, ends in a traceback, takes more than 10 seconds or 2 GB, says nothing when it fails, leaves half an
output, or calls sound what is not.

kinds.py      the kinds of files, and the commands that read each
seeds.py      one whole file of each kind
mutations.py  the ways to damage a file
child.py      a command in a child process with limits
oracle.py     what is wrong with the outcome
__main__.py   the loop:  python -m tests.fuzz --minutes 60    python -m tests.fuzz --kind native --case 17
"""
