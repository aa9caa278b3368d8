"""A headless Chromium, driven over the W3C WebDriver protocol with nothing but the standard library."""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window. `dark` and `size` are what the page is told of its reader's screen."""

    def __init__(self, size=(1280, 900), dark=False):
        self.profile = tempfile.mkdtemp(prefix="page-test-")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        while port is None:
            line = self.driver.stdout.readline()
            if not line:
                raise RuntimeError("chromedriver did not start")
            found = re.search(r"started successfully on port (\d+)", line)
            port = found and found.group(1)
        self.base = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--force-color-profile=srgb", "--hide-scrollbars",
                     f"--window-size={size[0]},{size[1]}", f"--user-data-dir={self.profile}"]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments}}}})
        self.session = "/session/" + answer["sessionId"]
        # A narrow window is emulated: a real one is not made smaller than 500 pixels.
        self.command("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1],
                     deviceScaleFactor=1, mobile=size[0] < 500)
        if dark:
            self.command("Emulation.setEmulatedMedia",
                         features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def close(self):
        try:
            self._call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.driver.stdout.close()
            shutil.rmtree(self.profile, ignore_errors=True)

    def _call(self, method, path, body=None):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise RuntimeError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    # The window.

    def open(self, url):
        self._call("POST", self.session + "/url", {"url": url})

    def back(self):
        self._call("POST", self.session + "/back")

    @property
    def url(self):
        return self._call("GET", self.session + "/url")

    def run(self, script, *arguments):
        return self._call("POST", self.session + "/execute/sync",
                          {"script": script, "args": list(arguments)})

    def command(self, name, **parameters):
        """A command of the Chrome DevTools Protocol."""
        return self._call("POST", self.session + "/goog/cdp/execute",
                          {"cmd": name, "params": parameters})

    def complaints(self):
        """What the browser's console says that is worse than information."""
        return [entry["message"] for entry in
                self._call("POST", self.session + "/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path, whole=True):
        """The window, or the whole page however long."""
        picture = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                               **({"clip": self._extent()} if whole else {}))
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def _extent(self):
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    # Elements, by CSS selector.

    def find(self, selector):
        return self._call("POST", self.session + "/element",
                          {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self._call("POST", f"{self.session}/element/{self.find(selector)}/click")

    def type(self, selector, text):
        """Replaces what a field holds, key by key."""
        element = f"{self.session}/element/{self.find(selector)}"
        self._call("POST", element + "/clear")
        if text:
            self._call("POST", element + "/value", {"text": text})

    def paste(self, selector, text):
        self.run("const field = document.querySelector(arguments[0]); field.value = arguments[1];"
                 "field.dispatchEvent(new Event('input', {bubbles: true}));", selector, text)

    def choose(self, selector, value):
        self.run("const field = document.querySelector(arguments[0]); field.value = arguments[1];"
                 "for (const kind of ['input', 'change'])"
                 " field.dispatchEvent(new Event(kind, {bubbles: true}));", selector, value)

    def press(self, keys):
        """Keys to whatever has the focus."""
        self._call("POST", self.session + "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": [
                {"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]}]})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)",
                        selector)

    def attribute(self, selector, name):
        return self.run("return document.querySelector(arguments[0])?.getAttribute(arguments[1])",
                        selector, name)

    def wait(self, script, *arguments, seconds=30):
        """Until a script answers with something true; that is the result."""
        end = time.monotonic() + seconds
        while True:
            value = self.run("return " + script, *arguments)
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"never came true: {script}")
            time.sleep(0.05)
