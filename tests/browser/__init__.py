"""Tests in a real Chromium; a package, so that the browser is closed when its last test is done."""
