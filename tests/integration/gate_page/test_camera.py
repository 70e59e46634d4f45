"""The camera: what it sees, and what the page says if there is none."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.integration.gate_page.conftest import Launch, Site, running_site
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan
from ticketing_adapters.qrcode_image import QrcodePng

FRAMES = 20
"""Of each picture, at ten a second: two seconds, and a cycle of two is longer than a look."""

FAKE_CAMERA = "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream".split()

LOOKS = """async (looks) => {
  const { Looks } = await import("/gate/scripts/camera.js");
  const kept = new Looks();
  return looks.map(([text, seconds, busy]) => kept.isNew(text, seconds * 1000, busy));
}"""

REASONS = """async (names) => {
  const { reason } = await import("/gate/scripts/camera.js");
  return names.map((name) => reason({ name }));
}"""

PLATFORM = """globalThis.BarcodeDetector = class {
  static getSupportedFormats() { return Promise.resolve(FORMATS); }
  detect() { return Promise.resolve([{ rawValue: "seen by the platform" }]); }
};"""


TWO_IN_VIEW = """globalThis.BarcodeDetector = class {
  static getSupportedFormats() { return Promise.resolve(["qr_code"]); }
  detect() { return Promise.resolve(TEXTS.map((rawValue) => ({ rawValue }))); }
};"""


def picture(text: str) -> Image.Image:
    """Return what a camera sees of a phone that shows this code, a little aslant."""
    seen = Image.new("L", (640, 480), 90)
    code = Image.open(io.BytesIO(QrcodePng().encode(text))).convert("L")
    code = code.resize((340, 340), Image.Resampling.BILINEAR)
    seen.paste(
        code.rotate(4, expand=True, fillcolor=90, resample=Image.Resampling.BICUBIC), (130, 50)
    )
    return seen


def film(path: Path, pictures: Sequence[Image.Image]) -> Path:
    """Write a film of grey pictures (YUV4MPEG2), which the camera shows again and again."""
    colours = bytes([128]) * (320 * 240 * 2)
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for each in pictures:
            file.write((b"FRAME\n" + each.tobytes() + colours) * FRAMES)
    return path


def png(pixels: bytes) -> FilePayload:
    """Return a file to choose."""
    return {"name": "code.png", "mimeType": "image/png", "buffer": pixels}


@contextmanager
def browsing(launch: Launch, *flags: str) -> Iterator[Page]:
    """Open a page of a phone in a browser that was started with these flags."""
    with launch(*flags) as chromium:
        yield chromium.new_page(viewport={"width": 390, "height": 844})


def test_codes_in_view(launch: Launch, site: Site, tmp_path: Path) -> None:
    """Each code that comes into view is asked once, and the next needs no tap."""
    first, second = site.service.ticket(), site.service.ticket()
    seen = film(tmp_path / "film.y4m", [picture(first.token), picture(second.token)])
    with browsing(launch, *FAKE_CAMERA, f"--use-file-for-fake-video-capture={seen}") as page:
        open_gate(page, site)
        expect_answer(page, "yes", f"Ticket {first.ticket_id}")
        expect_answer(page, "yes", f"Ticket {second.ticket_id}")
    assert [each["token"] for each in site.service.checked[:2]] == [first.token, second.token]


def test_one_look_is_one_scan(page: Page, site: Site) -> None:
    """The same code is a new look after three seconds without it, two in turn are two looks."""
    page.goto(site.url)
    looks = [
        (["a", 0, False], True),
        (["a", 2, False], False),
        (["a", 4.5, False], False),
        (["b", 4.6, False], True),
        (["a", 4.7, False], False),
        (["b", 4.8, False], False),
        (["a", 7.6, False], False),
        (["a", 10.7, False], True),
        # While it is busy, a code that stays in view is no new one, and another is not lost.
        (["a", 12, True], False),
        (["c", 12.5, True], False),
        (["a", 14, False], False),
        (["c", 14.5, False], True),
    ]
    assert page.evaluate(LOOKS, [look for look, _ in looks]) == [new for _, new in looks]


@pytest.mark.parametrize(
    ("formats", "read"), [("['qr_code']", "Not a ticket"), ("[]", "Ticket 100")]
)
def test_the_platforms_detector(page: Page, site: Site, formats: str, read: str) -> None:
    """It is used if it reads QR codes. It may exist and read nothing: then the library reads."""
    token = site.service.ticket().token
    file = png(QrcodePng().encode(token))
    page.add_init_script(PLATFORM.replace("FORMATS", formats))
    open_gate(page, site)
    page.locator("#picture").set_input_files(file)
    expect(panel(page)).to_contain_text(read)


def test_two_codes_in_view(launch: Launch, site: Site) -> None:
    """Friends hold theirs together: each is asked once, whichever the detector finds first."""
    friends = [site.service.ticket() for _ in range(2)]
    with browsing(launch, *FAKE_CAMERA) as page:
        texts = json.dumps([each.token for each in friends])
        page.add_init_script(TWO_IN_VIEW.replace("TEXTS", texts))
        open_gate(page, site)
        for each in friends:
            expect_answer(page, "yes", f"Ticket {each.ticket_id}")
    assert [each["token"] for each in site.service.checked] == [each.token for each in friends]


def test_two_codes_in_a_picture(page: Page, site: Site) -> None:
    """Only one answer can be seen, so neither is asked."""
    tokens = [site.service.ticket().token for _ in range(2)]
    page.add_init_script(TWO_IN_VIEW.replace("TEXTS", json.dumps(tokens)))
    open_gate(page, site)
    page.locator("#picture").set_input_files(png(QrcodePng().encode(tokens[0])))
    expect_answer(page, "no", "Several codes")
    assert site.service.checked == []


def test_a_picture_of_a_code(page: Page, site: Site) -> None:
    """A screenshot is read as well, and one without a code is no ticket."""
    ticket = site.service.ticket()
    open_gate(page, site)
    blank = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(blank, "PNG")
    for pixels, kind, word in (
        (QrcodePng().encode(ticket.token), "yes", "Let in"),
        (QrcodePng().encode(ticket.token), "no", "Already inside"),
        (QrcodePng().encode("https://example.org/"), "no", "Not a ticket"),
        (blank.getvalue(), "no", "No code found"),
        (b"no picture", "no", "No code found"),
    ):
        page.locator("#picture").set_input_files(png(pixels))
        expect_answer(page, kind, word)


def test_no_camera(page: Page, site: Site) -> None:
    """Each failure has its own sentence; the page goes on, and offers to try again."""
    page.add_init_script("""navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("", "NotReadableError"))""")
    open_gate(page, site)
    expect(page.locator("#camera-off")).to_contain_text("Another program uses the camera.")
    expect(page.get_by_role("button", name="Try the camera again")).to_be_visible()
    names = ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError"]
    sentences = page.evaluate(REASONS, [*names, "AbortError", "SecurityError", "SomeError"])
    assert len(set(sentences)) == 7
    ticket = site.service.ticket()
    page.get_by_label("Ticket number or code").fill(str(ticket.ticket_id))
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="It is their order").click()
    expect_answer(page, "yes", "Let in")


def test_without_a_secure_context(launch: Launch) -> None:
    """The page says what to do. Scanners work, and signatures are checked offline, too."""
    rules = "--host-resolver-rules=MAP gate.test 127.0.0.1"
    with running_site("gate.test") as site, browsing(launch, rules) as page:
        open_gate(page, site)
        expect(page.locator("#camera-off")).to_contain_text("https://")
        expect(page.locator("#camera-off")).to_contain_text("http://localhost")
        genuine, other = site.service.ticket(), site.service.ticket()
        scan(page, genuine.token)
        expect_answer(page, "yes", "Let in")
        page.context.set_offline(True)
        scan(page, other.token)
        expect_answer(page, "yes", "Let in", "offline")
        scan(page, f"{other.token[:-40]}{'A' * 40}")
        expect_answer(page, "no", "Not genuine", "offline")
