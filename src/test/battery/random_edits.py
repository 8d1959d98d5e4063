#!/usr/bin/env python3
"""Random edits on real projects: what lmake leaves is what a build from nothing leaves, no job runs without a reason.

Usage: random_edits.py <dir of lmake's bin> [--steps N] [--seed S] [--clean-every K] [--span N] [--replay FILE]

A project of 20 to 200 files is generated, in git or with a Manifest. Each step edits one thing (edits_draw.py), builds
some targets, and compares with a model of the rules (edits_model.py): exit code, every file and dir that is there, and
that each job that ran had an input, a recipe or a target that was not what its last run left. A second build must run
nothing. At each K-th step the same is built from nothing in a fresh dir, which must be what the model says, too. A new
project comes every `span` steps. A failure is shrunk to few steps, which are printed as FILE takes them, with the seed
they are for. Last line: `N passed, N failed`.
"""
from __future__ import annotations

import argparse
import ast
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from edits_draw import draw
from edits_model import Cycle, Model, Run, fill, regex
from edits_project import Project, Tree
from edits_rules import RULES

ENDS = ('done', 'steady', 'failed')
RUNS = (*ENDS, 'rerun', 'may_rerun', 'killed', 'lost', 'lost_err', 'run_loop', 'submit_loop')
ENDED_BEFORE = ('was_done', 'was_steady', 'was_failed')
LINE = re.compile(r'\d\d:\d\d:\d\d (\w+) +(\w+) +(?:[\d.]+[a-z]+(?:[\d.]+[a-z]+)? +)?(\S.*)')
TIMEOUT_S = 120
SHRINK_S = 240


class Problem(Exception):
    """What is wrong, for the reader; `kind` is what stays the same when the course of steps is shrunk."""

    def __init__(self, kind: str, told: str):
        super().__init__(f'{kind}: {told}')
        self.kind = kind


def lines_of(text: str) -> list[tuple[str, str, str]]:
    """(step, rule, job) of each line that tells of a job."""
    found = []
    for line in text.split('+---------+')[0].splitlines():
        match = LINE.match(line)
        if match and match[2] != 'src' and match[1] in (*RUNS, *ENDED_BEFORE):
            found.append((match[1], match[2], match[3]))
    return found


def above_stars(patterns: set[str]) -> set[str]:
    """The dirs that each file of these star patterns lies in."""
    dirs = {p[:p.index('{')] for p in patterns if '{' in p}
    return {d[:i + 1] for d in dirs for i, c in enumerate(d) if c == '/'}


class Trial:
    """A project, the repo it lies in, and what is known of the jobs that ran there."""

    def __init__(self, seed: int, bindir: str):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix='lmake-edits-')).resolve()
        self.env = {'PATH': f'{bindir}:{os.environ["PATH"]}', 'HOME': str(self.work), 'LC_ALL': 'C.UTF-8',
                    'LMAKE_ARGS': '-j2', 'LMAKE_IDLE': '600', 'GIT_CONFIG_NOSYSTEM': '1'}
        self.project = Project(seed, self.work / 'repo')
        self.tree = Tree(self.work / 'repo')
        self.records: dict[tuple[str, str], tuple] = {}  # job -> what it read, and the files it left
        self.writers: dict[str, tuple[str, str]] = {}
        self.spoiled: set[str] = set()  # targets touched by hand that no job has made anew
        self.job_dirs: set[str] = set()

    def close(self) -> None:
        self.project.apply(('restart',))
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.rmtree(self.work, ignore_errors=True)  # the agent may have been at its last word

    # --- commands

    def start(self, args: list[str], where: pathlib.Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(['lmake', *args], cwd=where or self.project.root, env=self.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                executable=self.env['PATH'].split(':')[0] + '/lmake', errors='replace',
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    @staticmethod
    def end(client: subprocess.Popen[str]) -> tuple[int, str]:
        try:
            text, _ = client.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            client.kill()
            raise Problem('no end', client.communicate()[0])
        return client.returncode, text

    # --- one step

    def step(self, step: tuple, thorough: bool) -> None:
        """Raises Problem."""
        edit, request = step
        self.edit(edit)
        model = self.project.model()
        mode, targets = request[0], list(request[1])
        if mode in ('all', 'sweep'):
            targets = self.project.targets if mode == 'all' else self.everything(model)
        if mode in ('interrupt', 'kill', 'forgotten'):
            self.cut(model, mode, targets, request[2])
        before, _ = self.tree.look()
        if mode == 'pair':
            clients = [(t, self.start(t)) for t in (targets, list(request[2]))]
            ends = [(t, *self.end(client)) for t, client in clients]
            targets = targets + list(request[2])
        else:
            ends = [(targets, *self.end(self.start((['-a'] if mode == 'sweep' else []) + targets)))]
        for asked, code, text in ends:
            self.judge_code(model, asked, code, text)
        text = ''.join(t for _, _, t in ends)
        self.judge_jobs(model, before, lines_of(text), text)
        self.remember(model, lines_of(text), targets)
        self.judge_tree(model, targets, before, mode == 'sweep', text)
        code, again = self.end(self.start(targets))
        if code != max(c for _, c, _ in ends) or lines_of(again):
            raise Problem('second build', f'exit code {code}\n{again}--- first\n{text}')
        if thorough:
            self.judge_clean(model, targets)

    def edit(self, edit: tuple) -> None:
        before, _ = self.tree.look()
        if edit[0] == 'forget':
            self.forget(edit[1])
        elif edit[0] == 'wipe':
            self.wipe()
        else:
            self.project.apply(edit)
        after, _ = self.tree.look()
        self.spoiled |= {n for n in {*before, *after} if before.get(n) != after.get(n)}
        self.spoiled -= set(self.project.files)

    def forget(self, target: str) -> None:
        subprocess.run(['lforget', target], cwd=self.project.root, env=self.env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S)
        for key in [k for k in self.records if self.could_make(k, target)]:
            del self.records[key]

    @staticmethod
    def could_make(key: tuple[str, str], target: str) -> bool:
        for r in RULES:
            match = r.name == key[0] and regex(r.targets[0], shown=True).fullmatch(key[1])
            if match and any(regex(fill(p, match.groupdict())).fullmatch(target) for p in r.targets):
                return True
        return False

    def wipe(self) -> None:
        """All that lmake knows; and what no job makes any more, which nobody could tell from a file of the user.

        What jobs make stays, as it is: nobody can tell that it is right, so nothing must be built of it.
        """
        self.project.apply(('restart',))
        while (self.project.root / 'LMAKE').exists():
            shutil.rmtree(self.project.root / 'LMAKE', ignore_errors=True)
        self.records, self.writers = {}, {}
        found, model = self.tree.look()[0], self.project.model()
        for name in sorted(set(found) - set(self.project.files) - set(self.project.makefiles())):
            content = model.node(name).content
            # A link of the user's where a target will be that only the run tells is written through: said, and an error.
            if content is None or found[name][0] == 'link' != content[0]:
                (self.project.root / name).unlink()
        for name in self.tree.look()[1]:  # innermost first
            (self.project.root / name).rmdir()

    def everything(self, model: Model) -> list[str]:
        """All targets, and all that is left of others."""
        made = {n for run in model.closure(self.project.targets).values() for n in run.out}
        kept = {*self.project.files, *self.project.makefiles(), *made}
        return self.project.targets + sorted(set(self.tree.look()[0]) - kept - set(self.project.targets))

    def cut(self, model: Model, mode: str, targets: list[str], after_s: float) -> None:
        """A build that does not come to its end. Jobs that had a reason to run may have run or not."""
        before, _ = self.tree.look()
        client = self.start(targets)
        time.sleep(after_s)
        if mode == 'interrupt':
            client.send_signal(signal.SIGINT)
        else:
            self.project.apply(('restart',))
        _, text = self.end(client)
        self.job_dirs |= self.dirs_of_lines(lines_of(text))
        self.judge_jobs(model, before, lines_of(text), text)
        for key in list(self.records):
            if not self.up_to_date(model, key, before) or self.contested(key):
                del self.records[key]

    def contested(self, key: tuple[str, str]) -> bool:
        """Whether jobs of another rule clear the place of what this one made."""
        others = [p for r in RULES if r.name != key[0] for p in r.targets]
        return any(regex(p).fullmatch(name) for p in others for name in self.records[key][1])

    # --- judgements

    def up_to_date(self, model: Model, key: tuple[str, str], before: dict[str, tuple]) -> bool:
        if key not in self.records:
            return False
        record, out = self.records[key]
        intact = all(before.get(name) == c and self.writers.get(name) == key for name, c in out.items())
        return intact and model.holds(key[0], record)

    def judge_code(self, model: Model, targets: list[str], code: int, text: str) -> None:
        expected = any(model.node(t).status in ('none', 'error') for t in targets)
        if code != expected:
            told = {t: model.node(t).status for t in targets if model.node(t).status in ('none', 'error')}
            raise Problem('exit code', f'{code}, expected {int(expected)} {told}\n{text}')

    def judge_jobs(self, model: Model, before: dict[str, tuple], lines: list[tuple[str, str, str]], text: str) -> None:
        ran: set[tuple[str, str]] = set()  # a job that runs clears the place of its targets, whoever made them
        for step, rule_name, shown in lines:
            if step in ('lost', 'lost_err', 'run_loop', 'submit_loop'):
                raise Problem(step, f'{shown}\n{text}')
            key = rule_name, shown
            own = self.records.get(key, ((), {}))[1]
            taken = any(self.could_make(other, name) for other in ran - {key} for name in own)
            ran.add(key)
            if step in RUNS and not taken and self.up_to_date(model, key, before):
                raise Problem('ran without a reason', f'{rule_name} {shown}\n{text}')

    def remember(self, model: Model, lines: list[tuple[str, str, str]], targets: list[str]) -> None:
        """Jobs that ran to their end, or that lmake says need not."""
        ended: dict[tuple[str, str], Run | None] = {}
        for step, rule_name, shown in lines:
            over = step in ENDS or step in ENDED_BEFORE
            ended[rule_name, shown] = model.job_named(rule_name, shown) if over else None
        for key, run in ended.items():
            self.records.pop(key, None)
            if run is not None:
                for name in run.out:
                    self.writers[name] = key
                self.spoiled -= {n for n in self.spoiled if n in run.out}
        for key, run in {**ended, **model.closure(targets)}.items():
            if run is not None:
                self.records[key] = model.record(run), {} if run.failed else dict(run.out)

    def judge_tree(self, model: Model, targets: list[str], before: dict[str, tuple], swept: bool, text: str) -> None:
        expected = {n: c for run in model.closure(targets).values() if not run.failed for n, c in run.out.items()
                    if model.node(n).content == c or model.node(n).status == 'none'}
        kept = {**self.project.files, **self.project.makefiles()}
        needed = {n for run in model.closure(targets).values() for n in run.seen}
        found, empty = self.tree.look()
        for name in sorted({*expected, *kept, *(found if swept else ()), *targets}):
            want = kept.get(name, expected.get(name))
            have = found.get(name)
            if have == want or any(name in run.out or self.could_make(key, name)
                                   for key, run in model.closure(targets).items() if run.failed):
                continue
            if want is None and name not in targets and have == model.node(name).content:
                continue  # right, and of no use: made for a job that read of its name in a file that was to go
            looked_at = name in targets or swept and name in needed
            if name in self.spoiled and not looked_at and have == before.get(name):
                continue  # touched by hand, and nobody had to read it
            if model.node(name).status == 'error':
                continue  # as its job has left it, which may have run for another that is in error before it needs this
            raise Problem('wrong file', f'{name} is {have}, expected {want}\n{text}')
        strange = [n for n in found if n not in kept and n not in expected and not any(
            regex(p).fullmatch(n) for r in RULES for p in (*r.targets, '{F}.side'))]
        self.job_dirs |= self.star_dirs(model, targets) | self.dirs_of_lines(lines_of(text))
        empty = [d for d in empty if d not in self.job_dirs]
        if strange or empty:
            raise Problem('not to be there', f'files {strange}, empty dirs {empty}\n{text}')

    @staticmethod
    def star_dirs(model: Model, targets: list[str]) -> set[str]:
        """Dirs that are made before a job, whether it then writes there or not."""
        return above_stars({fill(p, run.stems) for run in model.closure(targets).values()
                            for p in run.definition.targets})

    @staticmethod
    def dirs_of_lines(lines: list[tuple[str, str, str]]) -> set[str]:
        """The same for jobs that ran, those included that turned out to be of no use."""
        patterns = set()
        for _, rule_name, shown in lines:
            for r in RULES:
                match = regex(r.targets[0], shown=True).fullmatch(shown) if r.name == rule_name else None
                patterns |= {fill(p, match.groupdict()) for p in r.targets} if match else set()
        return above_stars(patterns)

    def judge_clean(self, model: Model, targets: list[str]) -> None:
        """The same from nothing."""
        clean = self.work / 'clean'
        clean.mkdir()
        self.project.write_clean(clean)
        code, text = self.end(self.start(targets, clean))
        try:
            self.judge_code(model, targets, code, text)
            closure = model.closure(targets)
            found, empty = Tree(clean).look()
            expected = {n: c for run in closure.values() if not run.failed for n, c in run.out.items()}
            kept = {'Manifest'} | set(self.project.files) | set(self.project.makefiles())
            for name in sorted({*expected, *found} - kept):
                node = model.node(name)
                want = expected.get(name, node.content)
                if found.get(name) != want and node.status != 'error' and not any(
                        run.failed and self.could_make(key, name) for key, run in closure.items()):
                    raise Problem('wrong file', f'{name} is {found.get(name)}, expected {want}\n{text}')
            empty = [d for d in empty if d not in self.star_dirs(model, targets)]
            if empty:
                raise Problem('not to be there', f'empty dirs {empty}\n{text}')
        except Problem as problem:
            raise Problem(f'from nothing, {problem.kind}', str(problem))
        finally:
            os.kill(int((clean / 'LMAKE/server').read_text().split()[-1]), signal.SIGKILL)
            while clean.exists():
                shutil.rmtree(clean, ignore_errors=True)


# --- the course


def draw_step(project: Project, rand: random.Random) -> tuple:
    edit = draw(project, rand)
    few = sorted(rand.sample(project.targets, min(len(project.targets), rand.choice([1, 2, 3, 5, 8, 15]))))
    way = rand.random()
    if edit[0] == 'wipe' or way < 0.06:
        return edit, ('sweep', ())
    if way < 0.12:
        return edit, ('all', ())
    if way < 0.16:
        return edit, ('interrupt', tuple(few), round(rand.uniform(0, 0.15), 3))
    if way < 0.18:
        return edit, ('kill', tuple(few), round(rand.uniform(0, 0.15), 3))
    if way < 0.22:
        others = sorted(rand.sample(project.targets, min(len(project.targets), 3)))
        return edit, ('pair', tuple(few), tuple(others))
    return edit, ('plain', tuple(few))


def fails(seed: int, args: argparse.Namespace, steps: list[tuple]) -> Problem | None:
    """What goes wrong in a course of steps."""
    trial = Trial(seed, args.bindir)
    try:
        for number, step in enumerate(steps):
            trial.step(step, number == len(steps) - 1)
    except Cycle:
        return None
    except Problem as problem:
        return problem
    finally:
        trial.close()
    return None


def shrink(seed: int, args: argparse.Namespace, steps: list[tuple], problem: Problem) -> tuple[list[tuple], Problem]:
    """Fewer steps and targets that still fail in the same way, within SHRINK_S."""
    end = time.monotonic() + SHRINK_S

    def take(fewer: list[tuple]) -> bool:
        nonlocal steps, problem
        told = fails(seed, args, fewer) if fewer and time.monotonic() < end else None
        if told is None or told.kind != problem.kind:
            return False
        steps, problem = fewer, told
        return True

    size = max(1, len(steps) // 2)
    while size:
        at = 0
        while at < len(steps):
            if not take(steps[:at] + steps[at + size:]):
                at += size
        size //= 2
    for at in range(len(steps)):
        for target in steps[at][1][1] if len(steps[at][1]) > 1 else ():
            edit, (mode, targets, *rest) = steps[at]
            if len(targets) > 1:
                take([*steps[:at], (edit, (mode, tuple(t for t in targets if t != target), *rest)), *steps[at + 1:]])
    return steps, problem


def course(seed: int, args: argparse.Namespace, count: int) -> tuple[int, bool]:
    """Steps that went well on one project, and whether all did."""
    trial, rand, steps = Trial(seed, args.bindir), random.Random(seed + 1), []
    try:
        for number in range(count):
            steps.append(draw_step(trial.project, rand))
            trial.step(steps[-1], number % args.clean_every == 0)
        return count, True
    except Problem as problem:
        told = problem
    finally:
        trial.close()
    print(f'FAILED at step {len(steps)} of --seed {seed}: {steps[-1]}\n{told}\nshrinking', flush=True)
    if args.shrink:
        steps, told = shrink(seed, args, steps, told)
    print(f'in {len(steps)} steps, of seed {seed}:', *map(repr, steps), told, sep='\n', flush=True)
    return len(steps) - 1, False


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('bindir', type=os.path.abspath)
    parser.add_argument('--steps', type=int, default=100)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    parser.add_argument('--clean-every', type=int, help='default: 6, and 15 from 1000 steps on')
    parser.add_argument('--span', type=int, help='default: 60, and 200 from 1000 steps on')
    parser.add_argument('--no-shrink', dest='shrink', action='store_false')
    parser.add_argument('--replay', type=pathlib.Path)
    args = parser.parse_args()
    args.clean_every = args.clean_every or (15 if args.steps >= 1000 else 6)
    args.span = args.span or (200 if args.steps >= 1000 else 60)
    print('seed', args.seed, flush=True)
    if args.replay:
        told = fails(args.seed, args, [ast.literal_eval(line) for line in args.replay.read_text().splitlines()])
        print(told or 'no failure')
        return 1 if told else 0
    passed, failed, begun = 0, 0, time.monotonic()
    for number, at in enumerate(range(0, args.steps, args.span)):
        since = time.monotonic()
        well, ok = course(args.seed + number, args, min(args.span, args.steps - at))
        passed, failed = passed + well, failed + (not ok)
        print(f'seed {args.seed + number}: {well} steps in {time.monotonic() - since:.0f} s', flush=True)
        if not ok:
            break
    print(f'{(time.monotonic() - begun) / max(1, passed):.3f} s a step')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
