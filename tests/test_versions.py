"""The check of the mm stack's versions."""

import importlib.util

import pytest

from moefusion import versions
from moefusion.versions import check_versions, installed_versions


def stack(**changes):
    """The pinned OneDL stack as installed_versions returns it, with changes by module."""
    found = dict(
        mmengine={'onedl-mmengine': '0.10.12'},
        mmcv={'onedl-mmcv': '2.3.6'},
        mmdet={'onedl-mmdetection': '3.5.1'},
    )
    return {**found, **changes}


def original(**changes):
    found = dict(mmengine={'mmengine': '0.10.7'}, mmcv={'mmcv': '2.1.0'}, mmdet={'mmdet': '3.3.0'})
    return {**found, **changes}


def test_this_environment_is_supported():
    import mmcv
    import mmdet
    import mmengine

    assert check_versions() in ('OneDL', 'original')
    found = installed_versions()
    for module in (mmengine, mmcv, mmdet):
        assert list(found[module.__name__].values()) == [module.__version__]


@pytest.mark.parametrize(
    'found, name',
    [
        (stack(), 'OneDL'),
        (
            stack(mmengine={'onedl-mmengine': '0.10.13'}, mmcv={'onedl-mmcv': '2.3.10.post1'}),
            'OneDL',
        ),
        (original(), 'original'),
        (original(mmengine={'mmengine': '0.10.8'}, mmcv={'mmcv': '2.1.1rc1+cpu'}), 'original'),
    ],
)
def test_pinned_and_later_patch_releases_pass(found, name):
    assert check_versions(found) == name


@pytest.mark.parametrize(
    'found, words',
    [
        (original(mmcv={'mmcv': '2.2.0'}), ['mmcv 2.2.0', 'mmcv>=2.1.0,<2.2', 'MMSTACK=original']),
        (original(mmcv={'mmcv': '2.0.1'}), ['mmcv 2.0.1', '>=2.1.0']),
        (original(mmdet={'mmdet': '2.28.2'}), ['mmdet 2.28.2', 'mmdet>=3.3.0,<3.4']),
        (stack(mmengine={'onedl-mmengine': '0.10.9'}), ['onedl-mmengine 0.10.9', '>=0.10.12']),
        (stack(mmdet={'onedl-mmdetection': '3.10.0'}), ['onedl-mmdetection 3.10.0', '<3.6']),
        (stack(mmdet={}), ['mmdet is not installed', 'onedl-mmdetection>=3.5.1', 'make setup']),
        (stack(mmengine={}, mmcv={}, mmdet={}), ['mmengine is not installed', 'make setup']),
        (stack(mmdet={'mmdet': '3.3.0'}), ['mmdet 3.3.0', 'onedl-mmdetection', 'do not mix']),
        (original(mmcv={'onedl-mmcv': '2.3.6'}), ['onedl-mmcv 2.3.6', 'needs mmcv', 'do not mix']),
        (
            stack(mmcv={'onedl-mmcv': '2.3.6', 'mmcv': '2.1.0'}),
            ['onedl-mmcv 2.3.6 and mmcv 2.1.0', 'overwrite', 'pip uninstall onedl-mmcv mmcv'],
        ),
    ],
)
def test_everything_else_is_named_with_its_cure(found, words):
    with pytest.raises(ImportError) as error:
        check_versions(found)
    message = str(error.value)
    for word in words:
        assert word in message
    assert 'requirements/onedl.in' in message  # the cure, always


def test_original_stack_without_pkg_resources(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        versions, 'find_spec', lambda name: None if name == 'pkg_resources' else real(name)
    )
    with pytest.raises(ImportError, match="pip install 'setuptools<81'"):
        check_versions(original())
    assert check_versions(stack()) == 'OneDL'  # does not need it
