"""A headless Chromium that can reach nothing but this machine, and what it asked for and complained about."""

import json
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

WAIT_SECONDS = 20

QUERY_EDITOR = ".graphiql-query-editor"

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--window-size=1440,900",
    # Cuts the network: every other host fails to resolve.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def missing() -> str | None:
    """What this machine lacks to run the tests, in words; None if nothing."""
    lacking = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"not on this machine: {', '.join(lacking)} (Debian: chromium, chromium-driver)" if lacking else None


class Chromium:
    """One browser with one page."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(str(shutil.which("chromedriver"))))
        self._requested: list[str] = []

    def close(self) -> None:
        self.driver.quit()

    def open(self, url: str) -> None:
        """Go there in a new tab, with nothing left over from another test, neither stored nor logged."""
        old = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        new = self.driver.current_window_handle
        self.driver.switch_to.window(old)
        self.driver.close()
        self.driver.switch_to.window(new)
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "all"})
        self.complaints()
        self.requested()
        self._requested.clear()
        self.driver.get(url)

    def find(self, css: str) -> WebElement:
        """The first such element that is shown, once there is one."""

        def shown(driver: webdriver.Chrome) -> WebElement | None:
            return next((e for e in driver.find_elements(By.CSS_SELECTOR, css) if e.is_displayed()), None)

        found = self._wait().until(shown, f"nothing shown matches {css}")
        assert isinstance(found, WebElement)
        return found

    def text(self, css: str) -> str:
        """All text of the first such element, with single spaces."""
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return " ".join(str(self.driver.execute_script(script, css)).split())

    def wait_for_text(self, css: str, expected: str) -> str:
        """The element's text, once it holds ``expected``."""
        self._wait().until(
            lambda _: expected in self.text(css),
            f"{css} never showed {expected!r}; it showed: {self.text(css)!r}",
        )
        return self.text(css)

    def wait_for_script(self, script: str, *arguments: str) -> None:
        """Until the script returns something true."""
        self._wait().until(
            lambda driver: driver.execute_script(script, *arguments), f"never true: {script} {arguments}"
        )

    def follow(self, text: str, *, within: str) -> None:
        """Click the link with this text."""
        links = self.driver.find_elements(By.CSS_SELECTOR, f"{within} a")
        next(link for link in links if link.text == text).click()

    def editor_text(self, css: str) -> str:
        """What is in one of GraphiQL's editors, also the lines that are scrolled away."""
        self.find(QUERY_EDITOR)
        script = "return document.querySelector(arguments[0] + ' .CodeMirror').CodeMirror.getValue()"
        return str(self.driver.execute_script(script, css))

    def type_over(self, css: str, text: str) -> None:
        """Replace what is in one of GraphiQL's editors."""
        self.find(QUERY_EDITOR)
        script = "document.querySelector(arguments[0] + ' .CodeMirror').CodeMirror.setValue(arguments[1])"
        self.driver.execute_script(script, css, text)

    def requested(self) -> list[str]:
        """Every address the page has asked for since it was opened, sockets included, in order."""
        self._requested.extend(self._new_requests())
        return list(self._requested)

    def outside(self) -> list[str]:
        """Those of them that are not on this machine."""
        hosts = {None, "127.0.0.1"}
        return [url for url in self.requested() if urlsplit(url).hostname not in hosts]

    def complaints(self) -> list[str]:
        """Warnings and errors of the console since the last look: failed loads, refused by policy, thrown."""
        return [each["message"] for each in self._log("browser") if each["level"] in ("SEVERE", "WARNING")]

    def _new_requests(self) -> Iterator[str]:
        for entry in self._log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                yield event["params"]["request"]["url"]
            elif event["method"] == "Network.webSocketCreated":
                yield event["params"]["url"]

    def _log(self, kind: str) -> list[dict[str, str]]:
        entries: list[dict[str, str]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]  # Selenium's gap
        return entries

    def _wait(self) -> WebDriverWait[webdriver.Chrome]:
        return WebDriverWait(self.driver, WAIT_SECONDS, poll_frequency=0.05)
