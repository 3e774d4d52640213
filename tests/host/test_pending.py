"""Entries in mmhuman3d's registries wait for it, and never take a name from it."""

from __future__ import annotations

import pytest
from fresh import run_code

from mroi_plugin.host import load_host
from mroi_plugin.host.pending import enter_components, enter_host
from mroi_plugin.registry import MODELS, register


def losses():
    load_host()
    from mmhuman3d.models.losses.builder import LOSSES

    return LOSSES


def test_an_entry_is_made_at_once_where_the_host_is_loaded():
    registry = losses()

    @register(MODELS, host='LOSSES')
    class LateLoss:
        pass

    assert registry.get('LateLoss') is LateLoss and MODELS.get('mroi.LateLoss') is LateLoss


def test_entering_again_changes_nothing():
    before = dict(losses().module_dict)
    enter_components()
    enter_host('LOSSES', before['CameraConsistencyLoss'])
    assert losses().module_dict == before


def test_names_of_the_host_cannot_be_taken():
    theirs = losses().get('MSELoss')
    MSELoss = type('MSELoss', (), {})
    with pytest.raises(KeyError, match=r"LOSSES has 'MSELoss' of mmhuman3d\.models"):
        register(MODELS, host='LOSSES')(MSELoss)
    assert losses().get('MSELoss') is theirs and 'MSELoss' not in MODELS.module_dict


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="host='SHOES': expected one of BACKBONES"):
        register(MODELS, host='SHOES')(type('Shoe', (), {}))
    assert 'Shoe' not in MODELS.module_dict


def test_a_name_taken_before_the_host_is_loaded_is_refused_at_every_load():
    run_code(
        'from mroi_plugin.registry import MODELS, register\n'
        'from mroi_plugin.host import load_host\n'
        'register(MODELS, host="LOSSES")(type("MSELoss", (), {}))\n'
        'for _ in range(2):\n'
        '    try: load_host()\n'
        '    except KeyError as error: assert "MSELoss" in str(error), error\n'
        '    else: raise SystemExit(1)\n'
    )
