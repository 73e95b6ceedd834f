"""The page of `moefusion demo`: its words, its doors, and itself in a real Chromium."""

import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest

from moefusion.files import read_visible, write_image
from moefusion.runtime import Fuser

gr = pytest.importorskip('gradio')

from moefusion.runtime.page import Page, build_page  # noqa: E402

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser'))), None)
LOOK = 'Weights of the experts'


@pytest.fixture(scope='module')
def fuser():
    return Fuser(threads=1)


@pytest.fixture(scope='module')
def pairs(tmp_path_factory):
    """Two pairs of smooth noise, of other colour and size; the infrared files share a name."""
    folder, rng = tmp_path_factory.mktemp('pairs'), np.random.default_rng(0)
    found = []
    for name, (height, width), channel in (('visible', (60, 80), 2), ('two', (72, 64), 0)):
        image = cv2.GaussianBlur(rng.integers(0, 256, (height, width, 4), np.uint8), (0, 0), 3)
        image[..., channel] //= 4
        files = folder / f'{name}.png', folder / name / 'ir.png'
        write_image(files[0], np.ascontiguousarray(image[..., :3]))
        write_image(files[1], np.ascontiguousarray(image[..., 3]))
        found.append(files)
    return found


@pytest.fixture
def bad(tmp_path):
    (tmp_path / 'text.png').write_text('<b>no image</b>')
    write_image(tmp_path / 'large.png', np.zeros((600, 500), np.uint8))
    return tmp_path


@pytest.fixture
def page_of(tmp_path_factory):
    return lambda fuser, largest=1: Page(fuser, tmp_path_factory.getbasetemp(), largest)


def upload(path):
    return None if path is None else {'path': str(path)}


def test_what_was_not_uploaded_is_not_read(fuser, pairs):
    page = Page(fuser, pairs[0][0].parent / 'two', 1)
    with pytest.raises(gr.Error, match='no uploaded file'):
        next(page.fuse(*map(upload, pairs[0])))


@pytest.mark.parametrize(
    'files, words',
    [
        ((0, None), 'a pair needs both images'),
        ((0, 'text.png'), 'the infrared image text.png: not a readable image'),
        ((0, 'large.png'), 'the infrared image large.png has 500 x 600 pixels, .* 0.2 million'),
        (
            (0, 3),
            'the visible image visible.png is 80 x 60 but the infrared image ir.png is 64 x 72',
        ),
        ((0, 0), 'would be its own partner'),
        ((1, 0), 'the infrared image visible.png: an infrared image in colour'),
    ],
)
def test_errors_speak_of_the_users_files(page_of, fuser, pairs, bad, files, words):
    known = [*pairs[0], *pairs[1]]
    files = [known[each] if isinstance(each, int) else each and bad / each for each in files]
    with pytest.raises(gr.Error, match=words) as found:
        next(page_of(fuser, 0.2).fuse(*map(upload, files)))
    assert not re.search(r'/|<', found.value.message)


def test_without_torch_the_page_names_the_extra(page_of, fuser, pairs, monkeypatch):
    shown, scored = list(page_of(fuser).fuse(*map(upload, pairs[0])))
    assert LOOK in shown[-2] and '<b>Qabf</b>' in scored[-1]

    def missing(name, user):
        raise ImportError(f"{user} needs torch: pip install 'moefusion[torch]'")

    monkeypatch.setattr('moefusion.runtime.result.need', missing)
    assert 'moefusion[torch]' in list(page_of(fuser).fuse(*map(upload, pairs[0])))[-1][-1]


def test_a_pair_too_small_to_be_scored_is_fused(page_of, fuser, tmp_path):
    for name in 'vi':
        write_image(tmp_path / f'{name}.png', np.zeros((17, 23), np.uint8))
    _, scored = page_of(fuser).fuse(upload(tmp_path / 'v.png'), upload(tmp_path / 'i.png'))
    assert scored[-1].startswith('this pair')


def test_pairs_wait_in_one_line(page_of, fuser):
    with_limit = [fn for fn in build_page(page_of(fuser), [], 3).fns.values() if fn.queue]
    assert {(fn.concurrency_id, fn.concurrency_limit) for fn in with_limit} == {('fuse', 3)}


@pytest.fixture(scope='module')
def address(tmp_path_factory):
    """Address of a page that the command serves; nothing is left when it ends."""
    folder = tmp_path_factory.mktemp('served')
    command = [sys.executable, '-m', 'moefusion', 'demo', '--max-megabytes', '1']
    server = subprocess.Popen(
        [*command, '--max-megapixels', '0.2'], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    line = server.stdout.readline()
    assert 'fuses 2 pairs at once' in line
    yield line.split('/ ')[0]
    server.terminate()
    assert server.wait(300) in (0, 130)
    assert not list(folder.iterdir())


def call(address, path, data=None, kind='application/json'):
    """Status and text of an answer."""
    request = urllib.request.Request(f'{address}/{path}', data, {'Content-Type': kind})
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.status, answer.read().decode(errors='replace')
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors='replace')


def post_file(address, data):
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    kind = 'multipart/form-data; boundary=x'
    return call(address, 'gradio_api/upload', body + data + b'\r\n--x--\r\n', kind)


@pytest.mark.slow
def test_no_file_of_the_machine_comes_out(address, repo_root):
    """Only what was uploaded can be fetched, and only that can be fused."""
    assert address.startswith('http://127.0.0.1:')
    status, text = post_file(address, b'mine')
    mine = json.loads(text)[0]
    assert status == 200 and call(address, f'gradio_api/file={mine}') == (200, 'mine')
    for path in ('/etc/passwd', '../../etc/passwd', f'{mine}/../../../../etc/passwd', 'setup.py'):
        for door in ('gradio_api/file=', 'gradio_api/file/', 'file=', 'static/', 'assets/'):
            status, text = call(address, door + path.replace('/', '%2F'))
            assert status in (403, 404) and 'root:' not in text, (door, path)
    assert call(address, f'gradio_api/file={repo_root / "setup.py"}')[0] == 403


@pytest.mark.slow
@pytest.mark.parametrize('meta', [{'meta': {'_type': 'gradio.FileData'}}, {}])
def test_no_file_of_the_machine_goes_in(address, pairs, meta):
    config = json.loads(call(address, 'config')[1])
    number = next(each['id'] for each in config['dependencies'] if len(each['outputs']) > 2)
    data = [{'path': str(path), **meta} for path in pairs[0]]
    body = {'data': data, 'fn_index': number, 'session_hash': f'me{len(meta)}'}
    assert call(address, 'gradio_api/queue/join', json.dumps(body).encode())[0] == 200
    events = call(address, f'gradio_api/queue/data?session_hash=me{len(meta)}')[1]
    assert '"success":false' in events and LOOK not in events
    assert meta or 'no uploaded file' in events


@pytest.mark.slow
def test_limits_and_closed_doors(address):
    assert post_file(address, bytes(2 << 20))[0] == 413
    assert json.loads(call(address, 'gradio_api/info')[1])['named_endpoints'] == {}
    body = json.dumps({'data': [None, None]}).encode()
    for door in ('run/fuse', 'api/fuse'):
        assert call(address, f'gradio_api/{door}', body)[0] in (401, 403, 404)


@pytest.fixture(scope='module')
def browser():
    playwright = pytest.importorskip('playwright.sync_api')
    if CHROMIUM is None:
        pytest.skip('no Chromium')
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=CHROMIUM, args=['--no-sandbox'], timeout=120_000
        )
        yield opened
        opened.close()


def open_page(browser, address):
    page = browser.new_context().new_page()
    page.set_default_timeout(120_000)
    page.goto(address, timeout=120_000)
    return page


def drop(page, *files):
    for side, path in zip(('visible', 'infrared'), files):
        page.locator(f'#{side} input[type=file]').set_input_files(path)
        page.locator(f'#{side} img').wait_for(state='attached')
    page.get_by_role('button', name='Fuse', exact=True).click()


@pytest.mark.slow
def test_two_users_at_once_get_their_own_results(browser, address, fuser, pairs, tmp_path):
    pages = [open_page(browser, address) for _ in pairs]
    for page, files in zip(pages, pairs):
        drop(page, *files)
    for page, files in zip(pages, pairs):
        page.get_by_text('Qabf').wait_for()  # all is there
        for kind, name in (
            ('colour', f'{files[0].stem}.png'),
            ('gray', f'{files[0].stem}_gray.png'),
        ):
            with page.expect_download() as download:
                page.get_by_text(f'Download {kind}').click()
            assert download.value.suggested_filename == name
            download.value.save_as(tmp_path / name)
        right = fuser(*files)
        for name, image in (('', right.color), ('_gray', np.dstack([right.gray] * 3))):
            found = read_visible(tmp_path / f'{files[0].stem}{name}.png')[..., ::-1]
            assert np.abs(found.astype(int) - image).max() <= 1
        page.context.close()


@pytest.mark.slow
def test_a_broken_upload_is_explained(browser, address, pairs, bad):
    page = open_page(browser, address)
    drop(page, bad / 'text.png', pairs[0][1])
    page.get_by_text('the visible image text.png: not a readable image').wait_for()
    assert page.get_by_text(LOOK).count() == 0
    page.context.close()


@pytest.mark.slow
def test_a_rendered_pair_is_fused_and_nothing_asks_the_internet(browser, address):
    page, asked = browser.new_context().new_page(), []
    page.set_default_timeout(120_000)
    page.on('request', lambda request: asked.append(request.url))
    page.goto(address, timeout=120_000)
    page.get_by_role('button', name='Fuse', exact=True).wait_for()
    assert page.title() == 'MoE-Fusion'
    page.locator('tbody tr').first.click()
    page.get_by_text(LOOK).wait_for()
    for tab in ('Gray', 'Attention'):
        page.get_by_role('tab', name=tab).click()
        page.locator('[role=tabpanel]:visible img').first.wait_for()
    assert {url for url in asked if not url.startswith((address, 'data:', 'blob:'))} == set()
    page.context.close()
