"""Versions of the packages that golden files are made with.

A script lists its own in the block that PEP 723 defines, because no one set serves them all, and calls pins.check()
before it imports them. To install what a script needs:

    pip install $(python3 scripts/golden/pins.py scripts/golden/bert.py)
"""
import pathlib
import re
import sys
from importlib import metadata


def pins(script):
    """[(package, version), …] of the block "# /// script" of a file."""
    block = re.search(r"^# /// script\n(.*?)^# ///$", pathlib.Path(script).read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r'"([\w-]+)==([\w.]+)"', block[1])


def check(script):
    """Ends the program unless exactly these versions are installed. A build ("+cpu") is not part of a version."""
    for package, wanted in pins(script):
        try:
            got = metadata.version(package).split("+")[0]
        except metadata.PackageNotFoundError:
            got = "none"
        if got != wanted:
            sys.exit(f"{script}: needs {package}=={wanted}, installed is {got}\n"
                     f"  hint: pip install $(python3 {__file__} {script})")


if __name__ == "__main__":
    print("\n".join(f"{package}=={version}" for package, version in pins(sys.argv[1])))
