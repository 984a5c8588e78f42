"""Run the function's package for Lambda on this machine: Python 3.13 for arm64, emulated by QEMU (`make arm64`).

It needs a Debian machine with qemu-user-static. Debian's Python for arm64 is unpacked below .build, never installed.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from partner_event_relay.functions.bundling import Package

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".build" / "arm64"
EXERCISE = Path(__file__).with_name("arm64_exercise.py")
SUITE = "trixie"  # has Python 3.13
PACKAGES = ("python3.13-minimal", "libpython3.13-stdlib")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# One route whose signatures need cryptography and whose handshake needs no AWS.
RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "discord"
path = "/discord"
preset = "discord"
auth = {{ public_key = "{public_key}" }}
event = {{ source = "aws.partner/acme.example/discord", detail_type = "interaction" }}
"""
# RFC 8032, section 7.1, test 1.
PUBLIC_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def main() -> None:
    """Build the package, get Python, run the exercise. Exits with a message if this machine lacks something."""
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    mirror = _debian_mirror()
    missing = [name for name in ("apt-get", "dpkg-deb") if not shutil.which(name)]
    missing += [] if qemu else ["qemu-aarch64-static (apt-get install qemu-user-static)"]
    missing += [] if mirror and KEYRING.exists() else ["Debian's package source and keyring"]
    if missing or not qemu or not mirror:
        sys.exit("make arm64 needs a Debian machine with what is missing here: " + ", ".join(missing))
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = _python(mirror)
    package = FOLDER / "package"
    shutil.rmtree(package, ignore_errors=True)
    config = FOLDER / "relay.toml"
    config.write_text(RELAY_TOML.format(public_key=PUBLIC_KEY))
    Package(config, local=False, cryptography=True).build(package)
    started = time.monotonic()
    environment = {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", "AWS_REGION": "us-east-1"}
    subprocess.run(
        [qemu, "-L", str(python), str(python / "usr/bin/python3.13"), str(EXERCISE)], env=environment, check=True
    )
    print(f"the arm64 package works: {time.monotonic() - started:.0f} s, emulated")


def _debian_mirror() -> str | None:
    """Return the URL of Debian's archive that this machine uses, if any."""
    for name in ("sources.list.d/debian.sources", "sources.list"):
        path = Path("/etc/apt") / name
        text = path.read_text("utf-8") if path.exists() else ""
        if match := re.search(r"^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S+/debian/?)(?:\s|$)", text, flags=re.MULTILINE):
            return match[1]
    return None


def _python(mirror: str) -> Path:
    """Return a folder with Debian's Python for arm64 and what it needs, unpacked; apt checks their signatures."""
    root, apt = FOLDER / "python", FOLDER / "apt"
    if (root / "lib").is_symlink():
        return root
    for folder in ("lists/partial", "cache/archives/partial", "parts"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE} main\n")
    options = {
        "Dir::State": apt,
        "Dir::State::Lists": apt / "lists",
        "Dir::State::Status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": apt / "parts",
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    command = ["apt-get", "-qq", *(f"--option={name}={value}" for name, value in options.items())]
    subprocess.run([*command, "update"], check=True)
    subprocess.run([*command, "--yes", "--download-only", "install", *PACKAGES], check=True, stdout=subprocess.DEVNULL)
    for archive in sorted((apt / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(root)], check=True)
    (root / "lib").symlink_to("usr/lib")
    return root


if __name__ == "__main__":
    main()
