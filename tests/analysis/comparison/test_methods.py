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
    mine = tmp_path / 'my.pth'
    mine.touch()
    named, found = parse_methods([f'configs/b.py={mine}', 'configs/a.py'], str(tmp_path))
    assert named == Method('configs/b.py', str(mine)) and named.name == 'b'
    assert found.checkpoint == str(work_dir / 'epoch_3.pth')
    with pytest.raises(UsageError, match='--epochs'):
        parse_methods(['configs/c.py'], str(tmp_path))
    assert parse_methods(['configs/c.py'], str(tmp_path), train=True)[0].checkpoint is None


def test_a_checkpoint_that_is_given_is_taken_or_refused_though_there_is_a_training(tmp_path):
    given = tmp_path / 'a' / 'epoch_1.pth'
    given.parent.mkdir()
    for path in (given, given.with_name('epoch_2.pth')):
        path.touch()
    (tmp_path / 'a' / 'last_checkpoint').write_text('epoch_2.pth')
    (method,) = parse_methods([f'a.py={given}'], str(tmp_path), train=True)
    assert method.checkpoint == str(given)
    assert parse_methods(['a.py'], str(tmp_path), train=True)[0].checkpoint is None
    gone = given.with_name('not_there.pth')
    with pytest.raises(UsageError, match='not_there.pth: there is no such checkpoint'):
        parse_methods([f'a.py={gone}'], str(tmp_path), train=True)


def test_a_method_given_twice_is_refused(tmp_path):
    with pytest.raises(UsageError, match='more than once'):
        parse_methods(['x/a.py', 'y/a.py'], str(tmp_path), train=True)


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
