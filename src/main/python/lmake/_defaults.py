"""Default value of every field of lmake.config.

Kept apart from `lmake/__init__.py` so that the table can be read in one piece. Asks the machine for its cpus, memory
and free disk space, which costs a few system calls and reads no file.
"""

import os as _os

from lmake.utils import pdict


def _cpus():
    try:
        return len(_os.sched_getaffinity(0))
    except AttributeError:  # python2
        return _os.sysconf('SC_NPROCESSORS_ONLN')


def _memory_mb():
    return (_os.sysconf('SC_PAGE_SIZE') * _os.sysconf('SC_PHYS_PAGES')) >> 20


def _free_disk_mb():
    try:
        room = _os.statvfs('.')
    except OSError:
        return 0
    return (room.f_bavail * room.f_frsize) >> 20


def system_tag():
    """Name of this host: config is read again when it changes."""
    return _os.uname()[1]


def _grey(light, dark):
    return [[light] * 3, [dark] * 3]


def default_config():
    """Return a fresh lmake.config."""
    return pdict(
        backends=pdict(
            local=pdict(
                environ=pdict(), cpu=str(_cpus()), mem='%dM' % _memory_mb(), tmp='%dM' % _free_disk_mb())),
        caches=pdict(),
        codecs=pdict(),
        collect=pdict(),
        colors=pdict(
            hidden_note=_grey(192, 96),
            hidden_ok=[[176, 208, 176], [80, 112, 80]],
            note=[[0, 0, 255], [64, 160, 255]],
            ok=[[0, 128, 0], [128, 255, 128]],
            warning=[[155, 0, 255], [255, 0, 255]],
            err=[[180, 0, 0], [255, 60, 60]],
            speculate_err=[[220, 80, 0], [255, 128, 50]]),
        console=pdict(date_precision=0, has_exec_time=True, history_days=7, host_len=10, show_eta=False, show_ete=True),
        debug=pdict([
            ('', 'pdb default debugger'), ('u', 'pudb graphic debugger'), ('n', 'none plain execution'),
            ('e', 'enter shell in job environment'), ('E', 'interpreter in job environment'),
            ('c', 'vscode'), ('g', 'gdb')]),
        disk_date_precision=0.010,
        file_sync='dir',
        heartbeat=10,
        heartbeat_tick=0.1,
        link_support='full',
        max_dep_depth=100,
        max_error_lines=100,
        network_delay=1,
        nice=0,
        path_max=200,
        sub_repos=(),
        system_tag_proc=system_tag,
        trace=pdict(size=100 << 20, n_jobs=1000, channels=('backend', 'cache', 'codec', 'default')))
