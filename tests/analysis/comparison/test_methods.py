"""Which methods may be compared."""

from __future__ import annotations

import pytest

from mroi_plugin.analysis.comparison.methods import Method, check_same_test, parse_methods
from mroi_plugin.utils.config_files import find_config
from mroi_plugin.utils.errors import UsageError


def test_a_checkpoint_may_be_named_found_or_yet_to_come(tmp_path):
    work_dir = tmp_path / 'a'
    work_dir.mkdir()
    (work_dir / 'epoch_3.pth').touch()
    (work_dir / 'last_checkpoint').write_text(str(work_dir / 'epoch_3.pth'))
    named, found = parse_methods(['configs/b.py=my.pth', 'configs/a.py'], str(tmp_path))
    assert named == Method('configs/b.py', 'my.pth') and named.name == 'b'
    assert found.checkpoint == str(work_dir / 'epoch_3.pth')
    with pytest.raises(UsageError, match='--epochs'):
        parse_methods(['configs/c.py'], str(tmp_path))
    assert parse_methods(['configs/c.py'], str(tmp_path), train=True)[0].checkpoint is None


def test_a_method_given_twice_is_refused(tmp_path):
    with pytest.raises(UsageError, match='more than once'):
        parse_methods(['x/a.py=1.pth', 'y/a.py=2.pth'], str(tmp_path))


def methods(repo, *names):
    return [Method(find_config(name), None) for name in names]


def test_methods_with_other_crops_of_the_same_persons_are_compared(repo):
    check_same_test(methods(repo, 'mroi_synthetic', 'cliff_synthetic', 'hmr_synthetic'))


def test_other_persons_or_another_protocol_are_refused(repo, tmp_path):
    pair = methods(repo, 'mroi_synthetic', 'mroi_resnet50')
    with pytest.raises(UsageError, match='ann_file') as caught:
        check_same_test(pair)
    assert 'mroi_synthetic.py' in str(caught.value) and 'mroi_resnet50.py' in str(caught.value)
    config = tmp_path / 'other.py'
    base = repo / 'configs' / 'mroi' / 'mroi_synthetic.py'
    config.write_text(f"_base_ = ['{base}']\ntest_evaluator = dict(gt_source='keypoints3d')\n")
    with pytest.raises(UsageError, match='test_evaluator'):
        check_same_test([*methods(repo, 'mroi_synthetic'), Method(str(config), None)])
