"""A small drawing for each family, in a square of 32: this repository's own, not AWS's icons."""

COLOURS = {
    "internet": "#5b6b7b",
    "network": "#5b6b7b",
    "balancer": "#7b4fc9",
    "gateway": "#7b4fc9",
    "endpoint": "#7b4fc9",
    "distribution": "#7b4fc9",
    "servers": "#d9731a",
    "instance": "#d9731a",
    "function": "#d9731a",
    "bucket": "#3f8624",
    "queue": "#c7256e",
    "clock": "#c7256e",
    "api": "#c7256e",
}
GLYPHS = {
    "internet": "M16 4a12 12 0 1 0 0 24a12 12 0 1 0 0-24M4 16h24M16 4c-8 7-8 17 0 24M16 4c8 7 8 17 0 24",
    "network": "M16 5v6M6 21v-4h20v4M16 11v6M12 5h8v6h-8zM2 21h8v6h-8zM22 21h8v6h-8zM12 21h8v6h-8zM16 17v4",
    "balancer": "M4 16h8M12 16l10-9M12 16h10M12 16l10 9M22 4h6v6h-6zM22 13h6v6h-6zM22 22h6v6h-6z",
    "gateway": "M5 28v-14a11 11 0 0 1 22 0v14zM16 12v12M11 17l5-5l5 5",
    "endpoint": "M4 16h7M11 10v12h6a6 6 0 0 0 0-12zM17 13h6M17 19h6M23 13v6M26 16h3",
    "distribution": (
        "M16 16m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M16 12V6M16 20v6M12 16H6M20 16h6"
        "M13 13l-5-5M19 13l5-5M13 19l-5 5M19 19l5 5"
    ),
    "servers": "M4 5h20v6h-20zM6 13h20v6h-20zM8 21h20v6h-20zM7 8h2M9 16h2M11 24h2",
    "instance": "M8 8h16v16h-16zM12 12h8v8h-8zM12 4v4M20 4v4M12 24v4M20 24v4M4 12h4M4 20h4M24 12h4M24 20h4",
    "function": "M9 5h4l11 22M15 14l-7 13",
    "bucket": "M5 7l3 20h16l3-20M5 7a11 3 0 0 0 22 0a11 3 0 0 0-22 0",
    "queue": "M3 10h7v12h-7zM12 10h7v12h-7zM21 10h7v12h-7z",
    "clock": "M16 4a12 12 0 1 0 0 24a12 12 0 1 0 0-24M16 9v7l5 4",
    "api": "M10 9l-7 7l7 7M22 9l7 7l-7 7M19 6l-6 20",
}
