"""Makes the folders that the servers need, owned by the account that they run under."""

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from prm.embedded import addresses, postgres, processes, redis
from prm.embedded.addresses import Place
from prm.embedded.processes import EmbeddedError


def own_folder(kind: str) -> Path:
    """The folder of locks and logs of one kind, made when missing; refused when it is another user's."""
    path = addresses.folder(kind)
    try:
        for one in (addresses.var(), path):
            if not one.exists():
                one.mkdir(parents=True, mode=0o755)
                one.chmod(0o755)  # whatever the umask: the servers' account passes through
    except PermissionError:
        raise EmbeddedError(f"{addresses.var()} can't be written by {_name(os.geteuid())}.") from None
    if os.geteuid() != path.stat().st_uid:
        raise EmbeddedError(
            f"{path} belongs to {_name(path.stat().st_uid)}: run as that user, or remove it to begin anew."
        )
    return path


def prepare(kind: str) -> Place:
    """Make the servers' folders and, outside a closed checkout, a copy of their programs."""
    own_folder(kind)
    place = addresses.record_place(kind)
    account = processes.server_account()
    if place.outside:
        sweep(place.outside.parent)
        _make_outside(place)
    _make_private(place.home, account)
    _make_private(place.run, account)
    return place


def remove(kind: str) -> None:
    """Remove the data, sockets and logs of one kind; the caller has stopped it."""
    place = addresses.place(kind)
    for path in (place.run, place.home, addresses.folder(kind)):
        if path.exists():
            shutil.rmtree(path)
    if place.outside and place.outside.exists() and not any("-" not in path.name for path in place.outside.iterdir()):
        shutil.rmtree(place.outside)  # only copies of programs are left: their names carry a release


def sweep(library: Path) -> None:
    """Remove what checkouts in temporary folders left there, once they are gone themselves."""
    for marker in library.glob("prm-*/made-for"):
        checkout = Path(marker.read_text().strip()).parent
        gone = not checkout.exists() and checkout.is_relative_to(tempfile.gettempdir())
        if gone and not any(marker.parent.glob("*/data/postmaster.pid")):
            shutil.rmtree(marker.parent)


def _make_outside(place: Place) -> None:
    outside = place.outside
    assert outside is not None
    if not outside.exists():
        outside.mkdir(mode=0o755)
        outside.chmod(0o755)
    if outside.is_symlink() or outside.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{outside} is not ours: remove it.")
    (outside / "made-for").write_text(f"{addresses.var()}\n")
    _copy_once(postgres.wheel(), postgres.programs(place).parent)
    libraries = postgres.wheel().parents[1] / postgres.LIBRARIES  # the programs look for them beside
    if libraries.exists():
        _copy_once(libraries, postgres.programs(place).parents[2] / postgres.LIBRARIES)
    _copy_once(redis.wheel(), redis.program(place))


def _copy_once(source: Path, target: Path) -> None:
    """Copy under another name first, so that an interrupted copy is never run."""
    if target.exists():
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    making = target.with_name(f"{target.name}.making")
    if source.is_dir():
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(source, making, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        _open_tree(making)
    else:
        shutil.copyfile(source, making)
        making.chmod(0o755)
    making.rename(target)


def _open_tree(root: Path) -> None:
    """Let everybody read and run the copy, whatever umask the original was installed with."""
    for folder, _, names in os.walk(root):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _make_private(path: Path, account: pwd.struct_passwd | None) -> None:
    """A folder that its owner alone may enter. In a shared /tmp somebody may have made it first."""
    wanted = account.pw_uid if account else os.geteuid()
    try:
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)
    except FileExistsError:
        pass
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != wanted:
        raise EmbeddedError(f"{path} belongs to {_name(found.st_uid)} and should to {_name(wanted)}: remove it.")
    path.chmod(0o700)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
