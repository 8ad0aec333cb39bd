"""Write a template for `dvc plots --html-template` whose Vega is in the file: no CDN."""

import sys
from pathlib import Path

import vl_convert

PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
{refresh_tag}
<title>DVC plots</title>
<script>%s</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""

if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PAGE % vl_convert.javascript_bundle(), encoding="utf-8")
    print(f"wrote {path}")
