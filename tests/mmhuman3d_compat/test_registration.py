"""Entries in mmhuman3d's registries wait for it, and never take a name from it."""

from __future__ import annotations

import pytest
from fresh import run_code

from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.mmhuman3d_compat.registration import enter_components
from mroi_plugin.registry import MODELS, enter_mmhuman3d, register


def losses():
    load_mmhuman3d()
    from mmhuman3d.models.losses.builder import LOSSES

    return LOSSES


def test_an_entry_is_made_at_once_where_the_host_is_loaded():
    registry = losses()

    @register(MODELS, mmhuman3d='LOSSES')
    class LateLoss:
        pass

    assert registry.get('LateLoss') is LateLoss and MODELS.get('mroi_plugin.LateLoss') is LateLoss


def test_entering_again_changes_nothing():
    before = dict(losses().module_dict)
    enter_components()
    enter_mmhuman3d('LOSSES', before['CameraConsistencyLoss'])
    assert losses().module_dict == before


def test_names_of_the_host_cannot_be_taken():
    theirs = losses().get('MSELoss')
    MSELoss = type('MSELoss', (), {})
    with pytest.raises(KeyError, match=r"LOSSES has 'MSELoss' of mmhuman3d\.models"):
        register(MODELS, mmhuman3d='LOSSES')(MSELoss)
    assert losses().get('MSELoss') is theirs and 'MSELoss' not in MODELS.module_dict


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="mmhuman3d='SHOES': expected one of BACKBONES"):
        register(MODELS, mmhuman3d='SHOES')(type('Shoe', (), {}))
    assert 'Shoe' not in MODELS.module_dict


def test_a_name_taken_before_the_host_is_loaded_is_refused_at_every_load():
    run_code(
        'from mroi_plugin.registry import MODELS, register\n'
        'from mroi_plugin.mmhuman3d_compat import load_mmhuman3d\n'
        'register(MODELS, mmhuman3d="LOSSES")(type("MSELoss", (), {}))\n'
        'for _ in range(2):\n'
        '    try: load_mmhuman3d()\n'
        '    except KeyError as error: assert "MSELoss" in str(error), error\n'
        '    else: raise SystemExit(1)\n'
    )


def test_a_refused_name_is_not_in_the_way_of_the_next():
    run_code(
        'from mroi_plugin.registry import MODELS, register\n'
        'from mroi_plugin.mmhuman3d_compat import load_mmhuman3d\n'
        'load_mmhuman3d()\n'
        'try: register(MODELS, mmhuman3d="BACKBONES")(type("ResNet", (), {}))\n'
        'except KeyError as error: assert "ResNet" in str(error)\n'
        'else: raise SystemExit(1)\n'
        'register(MODELS, mmhuman3d="HEADS")(type("HeadOfMine", (), {}))\n'
    )
