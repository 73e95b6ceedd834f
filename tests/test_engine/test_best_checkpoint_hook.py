"""BestCheckpointHook: resumed in a copy, the original's best checkpoint stays."""

from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub

from moefusion.engine import BestCheckpointHook


@pytest.mark.parametrize('copied', [True, False])
def test_the_best_checkpoint_is_looked_for_in_this_folder(tmp_path, copied):
    for folder in ('original', 'copy')[: 1 + copied]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'best_mAP_epoch_1.pth').touch()
    original = str(tmp_path / 'original' / 'best_mAP_epoch_1.pth')
    hub = MessageHub(tmp_path.name)
    hub.update_info('best_ckpt', original)
    hub.update_info('epoch', 1)
    BestCheckpointHook().before_train(
        SimpleNamespace(message_hub=hub, work_dir=str(tmp_path / 'copy'))
    )
    expected = original.replace('/original/', '/copy/') if copied else original
    assert hub.get_info('best_ckpt') == expected and hub.get_info('epoch') == 1
