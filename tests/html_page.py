"""The parts of a page that the package writes."""

import html.parser

_NO_END_TAG = {"meta", "img", "br", "wbr"}
_NOT_READ = ("script", "style")


class HtmlPage(html.parser.HTMLParser):
    """The page's parts; complains of tags that are not closed in order.

    Attributes:
        tags: each tag's name and attributes, in order.
    """

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self._open, self._text, self._within = [], [], {}
        self.tags = []
        self.feed(text)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in _NO_END_TAG:
            self._open.append((tag, attributes.get("id")))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        if self._open and self._open[-1][0] not in _NOT_READ:
            self._text.append(data)
            for _, anchor in self._open:
                if anchor:
                    self._within.setdefault(anchor, []).append(data)

    def all(self, tag, **attributes):
        """The attributes of all tags of this name that have these ones."""
        return [
            found
            for name, found in self.tags
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]

    @property
    def words(self):
        """What is read, scripts and styles left out."""
        return " ".join(" ".join(self._text).split())

    def part(self, anchor):
        """What is read within the tag of this id."""
        return " ".join(" ".join(self._within.get(anchor, [])).split())
