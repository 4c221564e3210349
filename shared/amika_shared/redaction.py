"""What must not be seen: shapes of secrets in any text that leaves us, and characters that deceive a reader."""

from __future__ import annotations

import re

HIDDEN = "****"

# Every pattern takes linear time: what may repeat is either bounded or consumed once it has begun. They are compiled
# when they are first used (`re` keeps them): that takes three milliseconds, which most commands need not spend.
_SHAPES = r"""(?xs)
      -----BEGIN\ [A-Z0-9 ]{0,40}PRIVATE\ KEY-----.*?(?:-----END\ [A-Z0-9 ]{0,40}PRIVATE\ KEY-----|\Z)
    | (?<![A-Za-z0-9])(?:
          sk-[A-Za-z0-9_-]{6,}                                     # OpenAI, Anthropic and many that copied the shape
        | gh[pousr]_[A-Za-z0-9]{6,} | github_pat_[A-Za-z0-9_]{6,}
        | AIza[A-Za-z0-9_-]{6,}
        | xox[a-z]-[A-Za-z0-9-]{6,} | xapp-[A-Za-z0-9-]{6,}
        | lin_(?:api|oauth)_[A-Za-z0-9]{6,}
        | almyty_[A-Za-z0-9_-]{4,} | sgamp_[A-Za-z0-9_-]{4,} | gsk_[A-Za-z0-9]{6,} | npm_[A-Za-z0-9]{6,}
        | A[KS]IA[A-Z0-9]{8,} | [ars]k_(?:live|test)_[A-Za-z0-9]{6,} | whsec_[A-Za-z0-9+/=]{6,}
        | [MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}   # Discord's bots
        | glpat-[A-Za-z0-9_-]{6,} | hf_[A-Za-z0-9]{16,} | SG\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}
        | xai-[A-Za-z0-9]{16,} | pplx-[A-Za-z0-9]{6,} | r8_[A-Za-z0-9]{16,} | ya29\.[A-Za-z0-9_-]{6,}
        | dop_v1_[a-f0-9]{6,} | shp(?:at|ca|pa|ss)_[a-f0-9]{6,} | sbp_[a-f0-9]{6,} | sntrys_[A-Za-z0-9+/=_]{6,}
        | hooks\.slack\.com/[a-z]{4,12}/[A-Za-z0-9/_-]{8,}           # who knows such an address may post there
        | discord(?:app)?\.com/api/webhooks/[0-9]{6,20}/[A-Za-z0-9_-]{8,}
        | eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}            # JWT, JWE
      )
    """
_BEARER = r"(?i)\b(bearer|basic)(\s{1,4}|\s{0,4}[:=]\s{0,4})(?:[a-z._~+/=-]*[0-9][\w.~+/=-]{5,}|[\w.~+/=-]{12,})"
_NAMED = r"""(?ix)
    ((?:access[_-]?token|refresh[_-]?token|id[_-]?token|api[_-]?key|client[_-]?secret|device_code|password|passwd)["']?
     \s{0,4}[:=]\s{0,4})
    (?: "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [^\s,;&"'}\])]+ )
    """
_USERINFO = r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/@]{1,400}@"
# C0 (but tab and newline are turned into spaces by `plain`), DEL, C1, and everything that reorders or hides text
_DECEIVING = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def redact(text: str) -> str:
    """Return `text` with everything that has the shape of a secret replaced by `****`."""
    text = re.sub(_SHAPES, HIDDEN, text)
    text = re.sub(_BEARER, rf"\1\2{HIDDEN}", text)
    text = re.sub(_NAMED, rf"\1{HIDDEN}", text)
    return re.sub(_USERINFO, rf"\1{HIDDEN}@", text)


def plain(text: str) -> str:
    """Return `text` on one line, without control characters and without what reorders or hides characters."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_DECEIVING, "", text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))


def safe_line(text: str) -> str:
    """Return one line that may be logged or shown: redacted, then stripped of control characters."""
    return plain(redact(text))
