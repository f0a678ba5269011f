"""`make bench`: the peers, from their hashed lock, into an environment of their own.

    python -m benchmarks.peers.install

Without a network, or without uv, this says so and ends well: the rest can be measured all the same.
"""

import subprocess
import sys

from benchmarks import peers

UV = (sys.executable, "-m", "uv")


def main() -> None:
    if peers.are_there():
        return
    install = ("pip", "install", "--quiet", "--system-certs", "--require-hashes")
    try:
        run("venv", "--quiet", "--clear", "--python", sys.executable, str(peers.VENV))
        run(*install, "--python", str(peers.PYTHON), "--requirement", str(peers.LOCK))
    except subprocess.CalledProcessError:
        print(f"{peers.ABSENT} What went wrong is said above.", file=sys.stderr)
    else:
        peers.STAMP.write_text(peers.LOCK.read_text())


def run(*arguments: str) -> None:
    subprocess.run([*UV, *arguments], check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
