"""Build the synthetic data set: in parallel, resumable, the same bytes for the same seed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np

from mroi_plugin.utils.atomic_files import write_atomically
from mroi_plugin.utils.child_processes import end_with
from mroi_plugin.utils.ownership import owned
from mroi_plugin.utils.progress import progress_bar
from synthetic_humans.body import SyntheticBody
from synthetic_humans.manifest import PART_IMAGES, Layout, Recipe, body_digest
from synthetic_humans.samples import SPLITS, Studio, to_table
from synthetic_humans.stock_images import found


class _Worker:
    """Draws images into a folder; one lives in every process."""

    current: _Worker | None = None

    def __init__(self, root: str, seed: int) -> None:
        from mroi_plugin.models.body_models.smpl import load_body_arrays

        self.layout, self.seed = Layout(Path(root)), seed
        self.studio = Studio(SyntheticBody(load_body_arrays(free_body=True)))

    def make(self, split: str, start: int, stop: int) -> int:
        """Write images and the part with their annotations unless it is there; returns how many."""
        part = self.layout.part(split, start)
        if part.is_file() and all(
            self.layout.image(split, i).is_file() for i in range(start, stop)
        ):
            return stop - start
        rows = []
        for index in range(start, stop):
            data, columns = self.studio.shot(self.seed, split, index)
            write_atomically(data, self.layout.image(split, index))
            count = len(columns['visible'])
            rows.append({**columns, 'image': np.full(count, index, np.int64)})
        content = BytesIO()
        np.savez(content, **{name: np.concatenate([r[name] for r in rows]) for name in rows[0]})
        write_atomically(content.getvalue(), part)
        return stop - start


def _start_worker(root: str, seed: int) -> None:
    """Prepare a worker process: one OpenCV thread, the body loaded once."""
    end_with(multiprocessing.parent_process().pid)
    cv2.setNumThreads(1)
    _Worker.current = _Worker(root, seed)


def _make(split: str, start: int, stop: int) -> int:
    return _Worker.current.make(split, start, stop)


@contextmanager
def _workers(jobs: int, root: str, seed: int) -> Iterator:
    """Yield a `map` that keeps the order; one job stays in this process."""
    if jobs == 1:
        worker = _Worker(root, seed)
        yield lambda *columns: map(worker.make, *columns)
        return
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(jobs, context, _start_worker, (root, seed)) as pool:
        try:
            yield lambda *columns: pool.map(_make, *columns)
        except BrokenProcessPool as error:
            raise ChildProcessError(
                'a process that draws images was killed, mostly because memory ran out: lower '
                '--jobs; what is drawn stays, the same command goes on from there'
            ) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _check(train: int, test: int, seed: int, jobs: int) -> None:
    """Raise ValueError for counts that make no data set."""
    for name, value, least in (
        ('train', train, 1),
        ('test', test, 1),
        ('seed', seed, 0),
        ('jobs', jobs, 1),
    ):
        if not isinstance(value, int) or value < least:
            raise ValueError(f'--{name} must be a whole number >= {least}, found {value!r}')


def build_synthetic_data(
    out: str | os.PathLike = 'data/synthetic',
    train: int = 2000,
    test: int = 300,
    seed: int = 0,
    jobs: int = 2,
    force: bool = False,
    quiet: bool = False,
) -> bool:
    """Write images and annotations of the synthetic data set below `out`.

    An interrupted run continues where it stopped; a complete data set is left alone. The bytes
    depend on the seed, the counts, the body, the stock images that scikit-image carries and the
    generator's version, not on `jobs`.

    Args:
        out: the data prefix.
        train: number of training images.
        test: number of test images.
        seed: of every random choice.
        jobs: number of processes.
        force: remove a data set that is there and build anew.
        quiet: show no progress bar.

    Returns:
        Whether anything had to be built.

    Raises:
        ValueError: for counts out of range, if `out` holds a different data set, or another process
            writes to it.
        OSError: if the disk is full or a process was killed; what is drawn stays.
    """
    from mroi_plugin.datasets.annotation_file import write_human_data
    from mroi_plugin.models.body_models.smpl import body_digest as digest_of
    from mroi_plugin.models.body_models.smpl import load_body_arrays

    _check(train, test, seed, jobs)
    layout, splits = Layout(Path(out)), {'train': train, 'test': test}
    arrays = load_body_arrays(free_body=True)
    recipe = Recipe(seed, train, test, body_digest(arrays), found())
    if not force and layout.is_complete(recipe, splits):  # which a read-only folder may hold
        return False
    with owned(out):
        if force:
            layout.clear(SPLITS)
        elif layout.is_complete(recipe, splits):
            return False
        layout.write(recipe, complete=False)
        _draw_all(layout, splits, seed, jobs, quiet)
        misc = {
            'generator': f'synthetic {recipe.generator}',
            'seed': seed,
            'body': digest_of(arrays),
        }
        for split, count in splits.items():
            columns = _collected(layout, split, count)
            names = [layout.image_name(split, index) for index in columns.pop('image').tolist()]
            write_human_data(str(layout.annotations(split)), to_table(names, columns, misc))
        layout.write(recipe, complete=True)
        layout.clear_parts()
    return True


def _draw_all(layout: Layout, splits: dict[str, int], seed: int, jobs: int, quiet: bool) -> None:
    """Draw every image and write the parts of the annotations."""
    with _workers(jobs, str(layout.root), seed) as run, progress_bar(' images', quiet) as progress:
        for split, count in splits.items():
            task = progress.add_task(split, total=count)
            starts = range(0, count, PART_IMAGES)
            stops = [min(start + PART_IMAGES, count) for start in starts]
            for done in run([split] * len(starts), starts, stops):
                progress.update(task, advance=done)


def _collected(layout: Layout, split: str, count: int) -> dict[str, np.ndarray]:
    """Return the annotations of a split (N, ...), in the order of its images."""
    parts = []
    for start in range(0, count, PART_IMAGES):
        with np.load(layout.part(split, start)) as part:
            parts.append({name: part[name] for name in part.files})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
