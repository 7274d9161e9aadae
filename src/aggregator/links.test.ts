import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { absoluteLinks } from "./html-links.ts";
import { absoluteLink } from "./location.ts";

const at = "10.0.0.1:443";

describe("absoluteLink()", () => {
  test("gives a link by path the backend's address, and leaves all others", () => {
    assert.equal(absoluteLink("/a?b#c", at), "https://10.0.0.1:443/a?b#c");
    assert.equal(absoluteLink("//10.0.0.1:443/a", at), "https://10.0.0.1:443/a");
    assert.equal(absoluteLink("http://10.0.0.1:443/a", at), "https://10.0.0.1:443/a");
    for (const link of ["https://elsewhere/a", "rel/there", "?q", "#f", "", "mailto:a@b", "https:x", "//other/x", "*"])
      assert.equal(absoluteLink(link, at), link);
  });

  test("writes it as Go would", () => {
    const written = {
      "/a b": "https://10.0.0.1:443/a%20b",
      "/a%2Fb": "https://10.0.0.1:443/a%2Fb",
      "/<a>|{}": "https://10.0.0.1:443/%3Ca%3E%7C%7B%7D",
      "/[a]": "https://10.0.0.1:443/[a]",
      "/\xc3\xbc?\xe9=1": "https://10.0.0.1:443/%C3%BC?\xe9=1",
      "/x#": "https://10.0.0.1:443/x",
      "/x?": "https://10.0.0.1:443/x?",
      "///x": "https://10.0.0.1:443///x",
      "//@/x": "https://@10.0.0.1:443/x",
      "//": "",
      "https://": "https:",
      "HTTPS://Other/x": "https://Other/x",
      "https://\xc3\xbc/x": "https://%C3%BC/x",
    };
    for (const [link, expected] of Object.entries(written)) assert.equal(absoluteLink(link, at), expected, link);
  });

  test("refuses what is no link, in Go's words", () => {
    const refused = {
      "::": "missing protocol scheme",
      "1a:b": "first path segment in URL cannot contain colon",
      "/%zz": 'invalid URL escape "%zz"',
      "/a#%zz": 'invalid URL escape "%zz"',
      "/a\nb": "net/url: invalid control character in URL",
      "https://[::1/x": "missing ']' in host",
      "//h:x/x": 'invalid port ":x" after host',
      "https://a b/": 'invalid character " " in host name',
      "https://%41/x": 'invalid URL escape "%41"',
    };
    for (const [link, why] of Object.entries(refused))
      assert.throws(() => absoluteLink(link, at), { message: `parse ${JSON.stringify(link)}: ${why}` });
  });
});

describe("absoluteLinks()", () => {
  test("changes the links of a page, however they are quoted, and leaves broken ones", () => {
    const page = `<a href="/x">a</a><IMG alt=1 Src='/i.png'><a href="::">b</a><p title='/no'><body background=/bg/><a\n href = "/s" href="/t">`;
    assert.equal(
      absoluteLinks(page, "h:1"),
      `<a href="https://h:1/x">a</a><img alt="1" src="https://h:1/i.png"><a href="::">b</a><p title="/no"><body background="https://h:1/bg/"/><a href="https://h:1/s">`,
    );
  });

  test("leaves comments, scripts and text that only looks like tags", () => {
    for (const page of [
      `<!-- <a href="/x"> -->`,
      `<script>'<a href="/x">'</script>`,
      `<textarea><a href="/x"></textarea >`,
      `a < b <2 <a href="/x`,
      `<title><a href="/x">`,
      `<!doctype html><p>`,
    ])
      assert.equal(absoluteLinks(page, "h:1"), page);
  });

  test("reads characters that are written by number or name", () => {
    assert.equal(
      absoluteLinks(`<a href="/?a&amp;b&#x3d;c" title='"'>`, "h:1"),
      `<a href="https://h:1/?a&amp;b=c" title="&#34;">`,
    );
    assert.equal(absoluteLinks(`<p class=x title="&eacute;">`, "h:1"), `<p class=x title="&eacute;">`);
  });

  test("reads a hostile page in one go", () => {
    const pages = ["<a", "<a b=", `<a b='"`, "<a ", "<a/", "<!--", "<script>", "<a b c d="].map((part) =>
      part.repeat(100_000),
    );
    for (const page of pages) assert.ok(absoluteLinks(page, "h:1").length > 0);
  });
});
