"""`python -m wordvec_cli`, the same as the command `wordvec`."""

from wordvec_cli.cli import main

if __name__ == "__main__":
    main()
